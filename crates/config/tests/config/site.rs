//! An installation to read the configuration of: files in a directory of its own, and an environment.

use std::path::PathBuf;

use tempfile::TempDir;
use zaqar_config::{Config, Loaded, Problems, SectionSpec, Source, Sources, choices, load, section};

/// The group of the section that a storage driver brings in these tests.
pub(crate) const DISK: &str = "drivers:message_store:disk";

choices! {
    /// What an acknowledged write survives.
    pub enum Durability {
        /// a power cut: it is on the disk before the reply goes out
        Fsync = "fsync",
        /// the end of the process, but not a power cut: it reaches the disk soon afterwards
        Relaxed = "relaxed",
    }
}

section! {
    /// A store on a disk.
    pub struct Disk;

    /// The data directory.
    data_dir: String = "";

    /// What an acknowledged write survives.
    durability: Durability = Durability::Fsync;

    /// The size of a file, in bytes.
    segment_size: u64 = 67_108_864, at_least(16_777_216), at_most(1_073_741_824);
}

/// What the storage drivers of these tests bring.
pub(crate) fn of_drivers() -> Vec<SectionSpec> {
    vec![SectionSpec::new::<Disk>(DISK)]
}

pub(crate) struct Site {
    directory: TempDir,
    sources: Sources,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), sources: Sources::default() }
    }

    /// Writes a file, which is not a source yet.
    pub(crate) fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn config_file(mut self, name: &str) -> Self {
        self.sources.paths.push(Source::File(self.directory.path().join(name)));
        self
    }

    pub(crate) fn config_dir(mut self, name: &str) -> Self {
        self.sources.paths.push(Source::Directory(self.directory.path().join(name)));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    pub(crate) fn sources(&mut self) -> &mut Sources {
        &mut self.sources
    }

    pub(crate) fn load(&self) -> Result<Loaded, Problems> {
        load(&self.sources, &of_drivers())
    }

    pub(crate) fn config(&self) -> Config {
        self.load().unwrap().config
    }

    /// The errors, one per line, without the directory of this site.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.shortened(self.load().unwrap_err().errors.iter())
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.shortened(self.load().unwrap().warnings.iter())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn shortened(&self, lines: impl Iterator<Item = impl ToString>) -> Vec<String> {
        let directory = format!("{}/", self.directory.path().display());
        lines.map(|line| line.to_string().replace(&directory, "")).collect()
    }
}

/// A site with one file, `zaqar.conf`.
pub(crate) fn site(text: impl AsRef<[u8]>) -> Site {
    Site::new().with("zaqar.conf", text).config_file("zaqar.conf")
}
