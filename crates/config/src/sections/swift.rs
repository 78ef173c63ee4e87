//! The Swift message store: `[drivers:message_store:swift]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in Swift.
    pub struct Swift;

    /// The Keystone endpoint whose catalog contains Swift.
    auth_url: String = "http://127.0.0.1:5000/v3/";

    /// The credentials for Swift, as `swift://user:password@/project`.
    uri: Secret = "swift://demo:nomoresecrete@/demo";

    /// Whether to skip the verification of the certificates of Keystone and Swift.
    insecure: bool = false;

    /// The id of the domain that the project belongs to.
    project_domain_id: Option<String> = None;

    /// The name of the domain that the project belongs to.
    project_domain_name: String = "Default";

    /// The id of the domain that the user belongs to.
    user_domain_id: Option<String> = None;

    /// The name of the domain that the user belongs to.
    user_domain_name: String = "Default";

    /// The region of the Swift endpoint.
    region_name: Option<String> = None;

    /// The interface of the Swift endpoint.
    interface: String = "public";
}
