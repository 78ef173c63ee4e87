//! nginx, with a configuration as an installation has it.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use rustix::process::Signal;

use crate::directory::Directory;
use crate::ports::Reserved;
use crate::process::Process;
use crate::programs;

#[derive(Debug)]
pub struct Nginx {
    pub process: Process,
    ports: BTreeMap<u16, Reserved>,
    _directory: Directory,
}

impl Nginx {
    /// Serves a configuration in which `listen PORT;` stands for each of these ports; they become free ones of loopback.
    pub fn start(configuration: &str, ports: &[u16]) -> Self {
        let program = programs::in_path("nginx").unwrap_or_else(|| programs::missing("nginx", "nginx-light"));
        let directory = Directory::new();
        let ports: BTreeMap<_, _> = ports.iter().map(|port| (*port, Reserved::new())).collect();
        // What it keeps for a while, here instead of in the machine's directories.
        let kept = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|what| {
            let path = directory.join(what);
            format!("{what}_temp_path {};\n", path.display())
        });
        let mut text =
            configuration.replace("http {", &format!("http {{\naccess_log off;\n{}", kept.concat()));
        for (port, reserved) in &ports {
            text = text.replace(&format!("listen {port};"), &format!("listen {};", reserved.address));
        }
        let file = directory.join("nginx.conf");
        fs::write(&file, text).unwrap();
        let globals = format!("daemon off; error_log stderr; pid {};", directory.join("pid").display());
        let addresses: Vec<SocketAddr> = ports.values().map(|reserved| reserved.address).collect();
        let command = move || {
            let mut command = Command::new(&program);
            command.arg("-c").arg(&file).args(["-g", &globals]);
            command
        };
        let answers = move || addresses.iter().all(|address| TcpStream::connect(address).is_ok());
        let process = Process::new("nginx", Signal::QUIT, directory.join("log"), command, answers);
        Self { process, ports, _directory: directory }
    }

    /// Where what the configuration calls this port is.
    pub fn address(&self, port: u16) -> SocketAddr {
        self.ports[&port].address
    }
}
