//! Shares a queue by a pre-signed URL.

use zaqar_model::{Caller, Timestamp};

use crate::permissions::Rule;
use crate::{Result, Zaqar};

impl Zaqar {
    /// Whether the caller may share queues of their project. Answers the time from which the URL counts; signing it is
    /// the business of those who verify it.
    pub fn begin_sharing(&self, caller: &Caller) -> Result<Timestamp> {
        self.permit(caller, Rule::QueuesShare)?;
        Ok(self.now())
    }
}
