//! Reading answers.

use bytes::Bytes;
use redis::Value;
use zaqar_storage::{StorageError, StorageResult};

/// An answer, or a part of one, as what it is meant to be.
pub(crate) trait Reply {
    fn int(self) -> StorageResult<i64>;
    fn number(self) -> StorageResult<u64>;
    fn bytes(self) -> StorageResult<Bytes>;
    fn list(self) -> StorageResult<std::vec::IntoIter<Value>>;
    fn is_nothing(&self) -> bool;
}

impl Reply for Value {
    fn int(self) -> StorageResult<i64> {
        match self {
            Self::Int(number) => Ok(number),
            Self::BulkString(text) => {
                let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
                // A score of a sorted set.
                #[allow(clippy::cast_possible_truncation, reason = "all numbers are whole and below 2^53")]
                text.parse().or_else(|_| text.parse().map(|score: f64| score as i64)).map_err(|_| damaged())
            }
            _ => Err(damaged()),
        }
    }

    fn number(self) -> StorageResult<u64> {
        self.int().map(|number| number.max(0).unsigned_abs())
    }

    fn bytes(self) -> StorageResult<Bytes> {
        match self {
            Self::BulkString(bytes) => Ok(Bytes::from(bytes)),
            Self::SimpleString(text) => Ok(Bytes::from(text)),
            Self::Nil => Ok(Bytes::new()),
            _ => Err(damaged()),
        }
    }

    fn list(self) -> StorageResult<std::vec::IntoIter<Self>> {
        match self {
            Self::Array(items) | Self::Set(items) => Ok(items.into_iter()),
            Self::Nil => Ok(Vec::new().into_iter()),
            _ => Err(damaged()),
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nil)
    }
}

/// What was read is not what was written.
pub(crate) fn damaged() -> StorageError {
    StorageError::driver("an answer of the Redis server cannot be read")
}
