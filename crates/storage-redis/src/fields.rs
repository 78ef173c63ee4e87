//! Reading values that stand one behind the other.

use zaqar_model::Timestamp;
use zaqar_storage::StorageResult;

use crate::connection::damaged;
use crate::records::timestamp;

/// Takes values from the front of bytes.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> StorageResult<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn moment(&mut self) -> StorageResult<Timestamp> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and below 2^53")]
        self.take().map(|bytes| timestamp(f64::from_le_bytes(bytes) as u64))
    }

    pub(crate) fn u32(&mut self) -> StorageResult<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(crate) fn u8(&mut self) -> StorageResult<u8> {
        self.take().map(|[byte]| byte)
    }

    pub(crate) fn u128(&mut self) -> StorageResult<u128> {
        self.take().map(u128::from_be_bytes)
    }

    pub(crate) fn text(&mut self) -> StorageResult<String> {
        let length = usize::try_from(self.u32()?).map_err(|_| damaged())?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(String::from_utf8_lossy(taken).into_owned())
    }
}
