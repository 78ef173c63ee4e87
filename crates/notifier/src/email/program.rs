//! Mail by a program such as sendmail, which reads it from its standard input and finds the recipients in its headers.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use lettre::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::answer;
use crate::notice::Answer;
use crate::retry::Verdict;

/// The most bytes that are logged of what the program says.
const LOGGED: u64 = 1000;

/// With these exit statuses of sysexits.h (EX_DATAERR, EX_NOUSER, EX_NOHOST), another try would end alike.
const REFUSALS: [i32; 3] = [65, 67, 68];

/// `smtp_command`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailProgram {
    pub program: String,
    pub arguments: Vec<String>,
    /// A program that runs for longer is ended.
    pub timeout: Duration,
}

/// How the program ended, and what it said.
struct Ended {
    status: std::process::ExitStatus,
    said: String,
}

impl MailProgram {
    /// Upstream's form: the program and its arguments, parted by spaces. No shell sees it. `None`: there is no program.
    pub fn parse(command: &str, timeout: Duration) -> Option<Self> {
        let mut words = command.split_whitespace().map(str::to_owned);
        Some(Self { program: words.next()?, arguments: words.collect(), timeout })
    }

    pub(super) async fn send(&self, letter: &Message) -> Answer {
        let program = &self.program;
        let ended = match tokio::time::timeout(self.timeout, self.run(letter)).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => {
                tracing::warn!(program, %error, "the mail program cannot be run");
                return answer(Verdict::TryAgain, None, "the service cannot run its mail program");
            }
            // With the future went the process.
            Err(_) => {
                tracing::warn!(program, "the mail program took too long");
                return answer(Verdict::TryAgain, None, "the mail program took too long");
            }
        };
        let Ended { status, said } = ended;
        if status.success() {
            return answer(Verdict::Delivered, None, "the mail program took it");
        }
        tracing::warn!(program, %status, said, "the mail program failed");
        let refused = status.code().is_some_and(|code| REFUSALS.contains(&code));
        let verdict = if refused { Verdict::Refused } else { Verdict::TryAgain };
        answer(verdict, None, &format!("the mail program ended with {status}"))
    }

    async fn run(&self, letter: &Message) -> io::Result<Ended> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (feeding, listening) = (feed(&mut child, letter), listen(&mut child));
        let ((), said) = tokio::join!(feeding, listening);
        Ok(Ended { status: child.wait().await?, said })
    }
}

/// A program that reads no further is known by its exit status.
fn feed(child: &mut Child, letter: &Message) -> impl Future<Output = ()> + use<> {
    let stdin = child.stdin.take();
    // Programs of the system take lines as the system ends them.
    let mail = String::from_utf8_lossy(&letter.formatted()).replace("\r\n", "\n");
    async move {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(mail.as_bytes()).await;
            let _ = stdin.shutdown().await;
        }
    }
}

/// The beginning of what the program complains of. The rest is read, too: nobody may block on a full pipe.
fn listen(child: &mut Child) -> impl Future<Output = String> + use<> {
    let stderr = child.stderr.take();
    async move {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = (&mut stderr).take(LOGGED).read_to_end(&mut said).await;
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&said).trim_end().to_owned()
    }
}
