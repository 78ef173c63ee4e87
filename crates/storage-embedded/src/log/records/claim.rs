//! The record of a claim.

use zaqar_model::{ClaimId, GraceSeconds, Timestamp, TtlSeconds};

use crate::log::fields::{FieldWriter, Fields, Malformed};

/// The lease of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// When it was created or last renewed.
    pub(crate) renewed: Timestamp,
    pub(crate) ttl: TtlSeconds,
}

impl Hold {
    pub(crate) const fn ends(self) -> Timestamp {
        self.ttl.after(self.renewed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimRecord {
    pub(crate) destination: u64,
    pub(crate) claim: ClaimId,
    pub(crate) hold: Hold,
    pub(crate) grace: GraceSeconds,
    /// Claimed messages: sequence number and new claim count.
    pub(crate) taken: Vec<(u64, u32)>,
    /// Messages that became dead letters.
    pub(crate) dead_lettered: Vec<u64>,
}

impl Hold {
    pub(crate) fn encode(self, out: &mut FieldWriter<'_>) {
        out.u64(self.renewed.as_millis());
        out.u32(self.ttl.get());
    }

    pub(crate) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self { renewed: Timestamp::from_millis(fields.u64()?), ttl: TtlSeconds::new(fields.u32()?) })
    }
}

impl ClaimRecord {
    pub(super) fn encode(&self, out: &mut FieldWriter<'_>) {
        out.u64(self.destination);
        out.u128(self.claim.as_u128());
        self.hold.encode(out);
        out.u32(self.grace.get());
        out.count(self.taken.len());
        for (sequence, count) in &self.taken {
            out.u64(*sequence);
            out.u32(*count);
        }
        out.count(self.dead_lettered.len());
        self.dead_lettered.iter().for_each(|sequence| out.u64(*sequence));
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            destination: fields.u64()?,
            claim: ClaimId::from_u128(fields.u128()?),
            hold: Hold::decode(fields)?,
            grace: GraceSeconds::new(fields.u32()?),
            taken: fields.list(12, |fields| Ok((fields.u64()?, fields.u32()?)))?,
            dead_lettered: fields.list(8, |fields| fields.u64())?,
        })
    }
}
