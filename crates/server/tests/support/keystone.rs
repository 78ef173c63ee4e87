//! A real Keystone in a process of its own, with a database that only its test knows, and the requests that fill it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::{Client, Response};
use super::ports::Reserved;
use super::service::Service;
use super::tools::Tools;

/// Of every user.
pub(crate) const PASSWORD: &str = "secret";

#[derive(Debug)]
pub(crate) struct Keystone {
    /// Ends before its directory is removed.
    process: Option<Service>,
    directory: TempDir,
    expiration: u32,
    /// Its own as long as its test lasts, also while it does not run.
    port: Reserved,
    pub(crate) address: SocketAddr,
    /// The administrator's token.
    admin: String,
}

impl Keystone {
    /// With a project `service` and a user `zaqar` in it, who may check tokens.
    pub(crate) fn start() -> Self {
        Self::with_tokens_good_for(3600)
    }

    /// Its tokens are good for so many seconds.
    pub(crate) fn with_tokens_good_for(expiration: u32) -> Self {
        let port = Reserved::new();
        let mut keystone = Self {
            process: None,
            directory: TempDir::new().unwrap(),
            expiration,
            address: port.address,
            port,
            admin: String::new(),
        };
        keystone.begin();
        keystone.admin = keystone.token("admin", "admin");
        keystone.project("service");
        keystone.user("zaqar", "service", "service");
        keystone
    }

    /// Starts it, at the same address each time.
    pub(crate) fn begin(&mut self) {
        let tools = Tools::find();
        let prepared = tools.keystone.parent().unwrap().join("../prepared");
        let mut command = Command::new(&tools.keystone);
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/keystone/serve.py"))
            .args([&prepared, self.directory.path()])
            .args([self.port.address.port().to_string(), self.expiration.to_string()]);
        let (process, url) = Service::start("Keystone", &mut command);
        self.process = Some(process);
        assert_eq!(url, self.url());
    }

    /// Ends it as a power cut does.
    pub(crate) fn end(&mut self) {
        self.process = None;
    }

    /// Starts it again. Tokens from now on are good for so many seconds.
    pub(crate) fn begin_again(&mut self, expiration: u32) {
        self.end();
        self.expiration = expiration;
        self.begin();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v3", self.address)
    }

    /// The lines of a zaqar.conf with which a server asks this Keystone, as the user `zaqar`. `more`: of the same group.
    pub(crate) fn options(&self, more: &str) -> String {
        format!(
            "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nwww_authenticate_uri = {url}\n\
             auth_url = {url}\nauth_type = password\nusername = zaqar\npassword = {PASSWORD}\n\
             project_name = service\ndefault_domain_id = default\nservice_type = messaging\n{more}\n",
            url = self.url()
        )
    }

    /// The lines with which rights can be lent to that server. `more`: of the same group.
    pub(crate) fn trustee(&self, more: &str) -> String {
        let url = self.url();
        format!(
            "[trustee]\nauth_url = {url}\nauth_type = password\nusername = zaqar\npassword = {PASSWORD}\n\
             user_domain_id = default\ntimeout = 60\n{more}\n"
        )
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Response {
        let response = Client::new(self.address).send(method, path, headers, body).unwrap();
        assert!((200..300).contains(&response.status), "{method} {path}: {}", response.text());
        response
    }

    fn as_admin(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        self.request(method, path, &[("X-Auth-Token", &self.admin)], body)
    }

    pub(crate) fn project(&self, name: &str) {
        self.as_admin("POST", "/v3/projects", Some(&json!({ "project": { "name": name } })));
    }

    /// Makes a user with a role in a project.
    pub(crate) fn user(&self, name: &str, project: &str, role: &str) {
        let user = json!({ "user": { "name": name, "password": PASSWORD } });
        let user = self.as_admin("POST", "/v3/users", Some(&user)).json();
        let user = user["user"]["id"].as_str().unwrap();
        let (project, role) = (self.id_of("projects", project), self.id_of("roles", role));
        self.as_admin("PUT", &format!("/v3/projects/{project}/users/{user}/roles/{role}"), None);
    }

    pub(crate) fn id_of(&self, kind: &str, name: &str) -> String {
        let found = self.as_admin("GET", &format!("/v3/{kind}?name={name}"), None).json();
        found[kind][0]["id"].as_str().unwrap().to_owned()
    }

    /// Enters the service into the catalog.
    pub(crate) fn register(&self, url: &str) {
        let service = json!({ "service": { "type": "messaging", "name": "zaqar" } });
        let service = self.as_admin("POST", "/v3/services", Some(&service)).json();
        let service_id = &service["service"]["id"];
        for interface in ["public", "internal"] {
            let endpoint = json!({ "endpoint": {
                "service_id": service_id, "interface": interface, "url": url, "region": "one"
            } });
            self.as_admin("POST", "/v3/endpoints", Some(&endpoint));
        }
    }

    /// A token of a user for a project.
    pub(crate) fn token(&self, user: &str, project: &str) -> String {
        let default = json!({ "id": "default" });
        let scope = json!({ "project": { "name": project, "domain": default } });
        self.token_for(&by_password(user), Some(&scope))
    }

    /// A token that is for no project.
    pub(crate) fn unscoped_token(&self, user: &str) -> String {
        self.token_for(&by_password(user), Some(&json!("unscoped")))
    }

    pub(crate) fn token_for(&self, identity: &Value, scope: Option<&Value>) -> String {
        let mut auth = json!({ "auth": { "identity": identity } });
        if let Some(scope) = scope {
            auth["auth"]["scope"] = scope.clone();
        }
        let response = self.request("POST", "/v3/auth/tokens", &[], Some(&auth));
        response.header("x-subject-token").unwrap().to_owned()
    }

    /// Makes an application credential of the one whom a token belongs to; answers how to identify oneself with it.
    pub(crate) fn application_credential(&self, user: &str, token: &str, more: &Value) -> Value {
        let mut credential = json!({ "name": "some", "secret": PASSWORD });
        credential.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = format!("/v3/users/{}/application_credentials", self.id_of("users", user));
        let body = json!({ "application_credential": credential });
        let made = self.request("POST", &path, &[("X-Auth-Token", token)], Some(&body)).json();
        let id = &made["application_credential"]["id"];
        json!({
            "methods": ["application_credential"],
            "application_credential": { "id": id, "secret": PASSWORD },
        })
    }

    /// What Keystone says of a token. `None`: it is not good.
    pub(crate) fn describe(&self, token: &str) -> Option<Value> {
        let headers = [("X-Auth-Token", self.admin.as_str()), ("X-Subject-Token", token)];
        let response = Client::new(self.address).send("GET", "/v3/auth/tokens", &headers, None).unwrap();
        (response.status == 200).then(|| response.json()["token"].clone())
    }

    /// Takes back what the one whom a token belongs to has lent.
    pub(crate) fn end_trust(&self, token: &str, trust: &str) {
        let path = format!("/v3/OS-TRUST/trusts/{trust}");
        self.request("DELETE", &path, &[("X-Auth-Token", token)], None);
    }

    pub(crate) fn revoke(&self, token: &str) {
        let headers = [("X-Auth-Token", self.admin.as_str()), ("X-Subject-Token", token)];
        self.request("DELETE", "/v3/auth/tokens", &headers, None);
    }
}

fn by_password(user: &str) -> Value {
    let user = json!({ "name": user, "domain": { "id": "default" }, "password": PASSWORD });
    json!({ "methods": ["password"], "password": { "user": user } })
}
