//! Who is asking, and by what right.
//!
//! Here live pre-signed URLs. What the one who asks may do is decided in `zaqar-domain`.

mod expiry;
mod presigned;

pub use presigned::{Presented, SignError, Signed, SigningKeys, Wish};
