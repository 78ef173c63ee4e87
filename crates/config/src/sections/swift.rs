//! The Swift message store: `[drivers:message_store:swift]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in Swift.
    pub struct Swift;

    /// The endpoint of Keystone that tells where Swift is.
    auth_url: String = "http://127.0.0.1:5000/v3/";

    /// Who uses Swift, as `swift://user:password@/project`.
    uri: Secret = "swift://demo:nomoresecrete@/demo";

    /// Whether the certificates of Keystone and Swift are left unchecked.
    insecure: bool = false;

    /// The id of the domain that the project belongs to.
    project_domain_id: Option<String> = None;

    /// The name of the domain that the project belongs to.
    project_domain_name: String = "Default";

    /// The id of the domain that the user belongs to.
    user_domain_id: Option<String> = None;

    /// The name of the domain that the user belongs to.
    user_domain_name: String = "Default";

    /// The region whose Swift is used.
    region_name: Option<String> = None;

    /// Which of Swift's endpoints is used.
    interface: String = "public";
}
