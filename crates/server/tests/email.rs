//! Mail to subscribers: by a real SMTP server, and by a real program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::certificates::Authority;
use support::ports::Reserved;
use support::server::Site;
use support::smtp::{PASSWORD, SmtpServer, USER};
use zaqar_model::{MessageId, Metadata, ProjectId, QueueName, SystemClock};
use zaqar_notifier::{
    Answer, Email, EmailOptions, MailProgram, MailTransport, Notice, NoticeKind, Sender, SmtpLogin,
    SmtpSecurity, Template, Verdict,
};

/// Only a test that waits for the end of somebody's patience ever waits so long.
const PATIENCE: Duration = Duration::from_secs(2);

fn sender(transport: MailTransport) -> Email {
    let parts = [("topic", "t"), ("body", "{2}"), ("sender", "Zaqar <no-reply@example.org>")];
    let template =
        Template::new(&parts.map(|(name, text)| (name.to_owned(), text.to_owned())).into()).unwrap();
    let options = EmailOptions {
        transport,
        confirmation: template.clone(),
        unsubscription: template,
        confirmation_page: None,
    };
    Email::new(options, Arc::new(SystemClock)).unwrap()
}

fn notice(recipient: &str) -> Notice {
    Notice {
        kind: NoticeKind::Notification,
        project: ProjectId::new("shop").unwrap(),
        queue: QueueName::new("orders").unwrap(),
        subscriber: format!("mailto:{recipient}?subject=Orders"),
        options: Metadata::default(),
        id: MessageId::from_u128(7),
        document: "{\"body\": \"hello\"}".into(),
    }
}

/// What a sender needs to know of a server that listens on `port`.
fn server(port: u16, security: SmtpSecurity, site: &Site, timeout: Duration) -> zaqar_notifier::SmtpServer {
    zaqar_notifier::SmtpServer {
        host: "localhost".to_owned(),
        port,
        security,
        login: Some(SmtpLogin { user: USER.to_owned(), password: PASSWORD.to_owned() }),
        ca_file: Some(site.path("authority.crt")),
        timeout,
    }
}

fn site() -> Site {
    let site = Site::new("");
    Authority::new(&site, "authority").certify("mail");
    site
}

async fn send(server: zaqar_notifier::SmtpServer, recipient: &str) -> Answer {
    sender(MailTransport::Server(server)).send(&notice(recipient)).await
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn mail_goes_over_every_kind_of_connection_after_a_login() {
    let site = site();
    for (name, security) in
        [("tls", SmtpSecurity::Tls), ("starttls", SmtpSecurity::StartTls), ("none", SmtpSecurity::None)]
    {
        let smtp = SmtpServer::start(name, &site);
        let answer = send(server(smtp.port, security, &site, LONG), "a@example.org").await;
        assert_eq!(
            (answer.verdict, answer.status, answer.excerpt.as_str()),
            (Verdict::Delivered, Some(250), "250 2.0.0 taken"),
            "{name}"
        );
        let mail = smtp.mail_to("a@example.org");
        assert_eq!(mail["from"], "no-reply@example.org");
        assert_eq!((&mail["user"], &mail["tls"]), (&USER.into(), &(name != "none").into()));
        let text = mail["text"].as_str().unwrap();
        for line in ["To: a@example.org", "Subject: Orders", "{\"body\": \"hello\"}"] {
            assert!(text.lines().any(|other| other == line), "{line} in {text}");
        }
    }
}

#[test]
fn what_is_posted_to_a_queue_is_mailed_to_its_subscribers() {
    let mail = site();
    let smtp = SmtpServer::start("starttls", &mail);
    let server = Site::new(&format!(
        "[notification]\nsmtp_mode = self_local\nsmtp_host = localhost\nsmtp_port = {}\nsmtp_security = starttls\n\
         smtp_ca_file = {}\nsmtp_user_name = {USER}\nsmtp_user_password = {PASSWORD}\n",
        smtp.port,
        mail.path("authority.crt").display()
    ))
    .start();
    let mut client = server.client();
    let wish = json!({ "subscriber": "mailto:a@example.org?subject=Orders", "options": { "from": "o@example.org" } });
    let messages = json!({ "messages": [{ "body": { "order": 7 } }] });
    for (path, document) in
        [("/v2/queues/orders/subscriptions", wish), ("/v2/queues/orders/messages", messages)]
    {
        assert_eq!(client.request("POST", path, Some(&document)).unwrap().status, 201);
    }
    let mail = smtp.mail_to("a@example.org");
    assert_eq!(mail["from"], "o@example.org");
    let text = mail["text"].as_str().unwrap().replace("=\r\n", "").replace("=3D", "=");
    let document: Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(document["body"], json!({ "order": 7 }));
    assert_eq!(
        (&document["Message_Type"], &document["queue_name"]),
        (&json!("Notification"), &json!("orders"))
    );
}

#[tokio::test]
async fn what_the_server_answers_decides_whether_it_is_tried_again() {
    let site = site();
    let smtp = SmtpServer::start("tls", &site);
    for (recipient, verdict, status, excerpt) in [
        ("refused@example.org", Verdict::Refused, Some(550), "550 5.1.1 nobody of this name"),
        ("later@example.org", Verdict::TryAgain, Some(451), "451 4.2.0 come again"),
    ] {
        let answer = send(server(smtp.port, SmtpSecurity::Tls, &site, LONG), recipient).await;
        assert_eq!((answer.verdict, answer.status, answer.excerpt.as_str()), (verdict, status, excerpt));
    }
    let silent = send(server(smtp.port, SmtpSecurity::Tls, &site, PATIENCE), "silent@example.org").await;
    assert_eq!(
        (silent.verdict, silent.excerpt.as_str()),
        (Verdict::TryAgain, "the mail server took too long")
    );
    assert!(!smtp.has_mail());
}

#[tokio::test]
async fn a_server_that_is_not_the_right_one_gets_no_mail_and_tenants_do_not_learn_why() {
    let site = site();
    Authority::new(&site, "stranger");
    let with_tls = SmtpServer::start("tls", &site);
    let plain = SmtpServer::start("none", &site);
    let good = server(with_tls.port, SmtpSecurity::Tls, &site, LONG);
    let closed = Reserved::new();
    let other_password = SmtpLogin { user: USER.to_owned(), password: "guess".to_owned() };
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for bad in [
        zaqar_notifier::SmtpServer { ca_file: Some(site.path("stranger.crt")), ..good.clone() },
        zaqar_notifier::SmtpServer { login: Some(other_password), ..good.clone() },
        zaqar_notifier::SmtpServer { login: None, ..good.clone() },
        server(plain.port, SmtpSecurity::StartTls, &site, LONG),
        server(closed.address.port(), SmtpSecurity::Tls, &site, LONG),
        server(silent.local_addr().unwrap().port(), SmtpSecurity::Tls, &site, PATIENCE),
    ] {
        let has_login = bad.login.is_some();
        let answer = send(bad, "a@example.org").await;
        if has_login {
            assert_eq!(
                (answer.verdict, answer.excerpt.as_str()),
                (Verdict::TryAgain, "the service cannot use its mail server now")
            );
        } else {
            // It lets strangers come as far as to their mail.
            assert_eq!((answer.verdict, answer.status), (Verdict::Refused, Some(530)));
        }
    }
    assert!(!with_tls.has_mail() && !plain.has_mail());
}

/// A program that a test writes.
fn program(site: &Site, script: &str, timeout: Duration) -> Email {
    let path = site.write("mail program", &format!("#!/bin/sh\n{script}\n"));
    // Parted by spaces, a command cannot have one in a path.
    let command = site.path("send");
    fs::rename(path, &command).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o700)).unwrap();
    let command = format!("{} -t  -oi $HOME;", command.display());
    sender(MailTransport::Program(MailProgram::parse(&command, timeout).unwrap()))
}

#[tokio::test]
async fn a_program_reads_the_mail_and_no_shell_reads_its_arguments() {
    let site = Site::new("");
    let directory = site.path("");
    let script = format!("echo \"$@\" >{0}/arguments; cat >{0}/mail", directory.display());
    let answer = program(&site, &script, LONG).send(&notice("a@example.org,b@example.org")).await;
    assert_eq!((answer.verdict, answer.status), (Verdict::Delivered, None));
    assert_eq!(fs::read_to_string(site.path("arguments")).unwrap(), "-t -oi $HOME;\n");
    let mail = fs::read_to_string(site.path("mail")).unwrap();
    assert!(mail.contains("\nTo: a@example.org, b@example.org\n") && !mail.contains('\r'), "{mail}");
    assert!(mail.ends_with("\n\n{\"body\": \"hello\"}"), "{mail}");
}

#[tokio::test]
async fn how_the_program_ends_decides_whether_it_is_tried_again() {
    let site = Site::new("");
    for (script, verdict, excerpt) in [
        ("exit 0", Verdict::Delivered, "the mail program took it"),
        (
            "head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero",
            Verdict::Delivered,
            "the mail program took it",
        ),
        ("exit 67", Verdict::Refused, "the mail program ended with exit status: 67"),
        ("echo /etc/secret >&2; exit 75", Verdict::TryAgain, "the mail program ended with exit status: 75"),
        ("kill -9 $$", Verdict::TryAgain, "the mail program ended with signal: 9 (SIGKILL)"),
    ] {
        let mut notice = notice("a@example.org");
        // More than a pipe holds.
        notice.document = "x".repeat(300_000).into();
        let answer = program(&site, script, LONG).send(&notice).await;
        assert_eq!((answer.verdict, answer.excerpt.as_str()), (verdict, excerpt), "{script}");
    }
    let nothing = MailProgram::parse("/nowhere/sendmail -t", LONG).unwrap();
    let answer = sender(MailTransport::Program(nothing)).send(&notice("a@example.org")).await;
    assert_eq!(
        (answer.verdict, answer.excerpt.as_str()),
        (Verdict::TryAgain, "the service cannot run its mail program")
    );
}

#[tokio::test]
async fn a_program_that_does_not_end_is_ended() {
    let site = Site::new("");
    let script = format!("echo $$ >{}; exec sleep 1000", site.path("pid").display());
    let answer = program(&site, &script, PATIENCE).send(&notice("a@example.org")).await;
    assert_eq!(
        (answer.verdict, answer.excerpt.as_str()),
        (Verdict::TryAgain, "the mail program took too long")
    );
    let pid = fs::read_to_string(site.path("pid")).unwrap();
    let stat = Path::new("/proc").join(pid.trim()).join("stat");
    // It is gone, or dead and not yet counted.
    while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        tokio::task::yield_now().await;
    }
}
