//! The record of a claim.

use zaqar_model::{ClaimId, ClaimLease, GraceSeconds, Timestamp, TtlSeconds};

use crate::log::fields::{FieldWriter, Fields, Malformed};

/// Stands for a claim for which messages live no longer: no configuration allows so long a grace.
const NO_GRACE: u32 = u32::MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimRecord {
    pub(crate) destination: u64,
    pub(crate) lease: ClaimLease,
    /// `None`: messages live no longer for the claim.
    pub(crate) grace: Option<GraceSeconds>,
    /// Claimed messages: sequence number and new claim count.
    pub(crate) taken: Vec<(u64, u32)>,
    /// Messages that became dead letters.
    pub(crate) dead_lettered: Vec<u64>,
}

pub(crate) fn encode_lease(lease: ClaimLease, out: &mut FieldWriter<'_>) {
    out.u128(lease.id.as_u128());
    out.u64(lease.renewed.as_millis());
    out.u32(lease.ttl.get());
}

pub(crate) fn decode_lease(fields: &mut Fields<'_>) -> Result<ClaimLease, Malformed> {
    Ok(ClaimLease {
        id: ClaimId::from_u128(fields.u128()?),
        renewed: Timestamp::from_millis(fields.u64()?),
        ttl: TtlSeconds::new(fields.u32()?),
    })
}

impl ClaimRecord {
    pub(super) fn encode(&self, out: &mut FieldWriter<'_>) {
        out.u64(self.destination);
        encode_lease(self.lease, out);
        out.u32(self.grace.map_or(NO_GRACE, |grace| grace.get().min(NO_GRACE - 1)));
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
            lease: decode_lease(fields)?,
            grace: Some(fields.u32()?).filter(|grace| *grace != NO_GRACE).map(GraceSeconds::new),
            taken: fields.list(12, |fields| Ok((fields.u64()?, fields.u32()?)))?,
            dead_lettered: fields.list(8, |fields| fields.u64())?,
        })
    }
}
