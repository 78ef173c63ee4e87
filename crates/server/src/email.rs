//! Mail to subscribers, from `[notification]`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use zaqar_config::{Config, Notification};
use zaqar_model::Clock;
use zaqar_notifier::{
    Email, EmailOptions, MailProgram, MailTransport, SmtpLogin, SmtpSecurity, SmtpServer, Template,
};

/// What sends mail.
pub(crate) fn sender(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Email> {
    let options =
        options(&config.notification).map_err(|errors| anyhow::anyhow!(errors.join("\nzaqar: ")))?;
    Ok(Email::new(options, clock)?)
}

/// Everything that is wrong, a sentence each.
pub(crate) fn refusals(config: &Config) -> Vec<String> {
    options(&config.notification).err().unwrap_or_default()
}

pub(crate) fn warnings(config: &Config) -> Vec<String> {
    let options = &config.notification;
    let mut warnings = Vec::new();
    if options.smtp_mode == "self_local"
        && options.smtp_security == "none"
        && options.smtp_user_name.is_some()
    {
        warnings.push(
            "[notification] smtp_security = none: the password for the mail server is sent without protection".to_owned(),
        );
    }
    let mails = config.transport.subscriber_types.iter().any(|scheme| scheme == "mailto");
    if options.require_confirmation && mails && options.external_confirmation_url.is_none() {
        warnings.push(
            "[notification] external_confirmation_url is not set: no mail can ask for a confirmation, and so no \
             subscriber of the type mailto is ever notified"
                .to_owned(),
        );
    }
    warnings
}

fn options(options: &Notification) -> Result<EmailOptions, Vec<String>> {
    let mut wrong = Vec::new();
    let template = |option: &str, parts: &BTreeMap<String, String>, wrong: &mut Vec<String>| {
        Template::new(parts).map_err(|error| wrong.push(format!("[notification] {option} {error}"))).ok()
    };
    let confirmation = template(
        "subscription_confirmation_email_template",
        &options.subscription_confirmation_email_template,
        &mut wrong,
    );
    let unsubscription = template(
        "unsubscribe_confirmation_email_template",
        &options.unsubscribe_confirmation_email_template,
        &mut wrong,
    );
    let transport = if options.smtp_mode == "self_local" {
        server(options).map(MailTransport::Server)
    } else {
        program(options).map(MailTransport::Program)
    };
    let transport = transport.map_err(|error| wrong.push(error)).ok();
    match (transport, confirmation, unsubscription) {
        (Some(transport), Some(confirmation), Some(unsubscription)) => Ok(EmailOptions {
            transport,
            confirmation,
            unsubscription,
            confirmation_page: options.external_confirmation_url.clone(),
        }),
        _ => Err(wrong),
    }
}

fn program(options: &Notification) -> Result<MailProgram, String> {
    let program = MailProgram::parse(&options.smtp_command, timeout(options));
    program.ok_or_else(|| "[notification] smtp_command names no program".to_owned())
}

fn server(options: &Notification) -> Result<SmtpServer, String> {
    let missing = |option: &str, why: &str| format!("[notification] {option} is missing: {why}");
    let host = options.smtp_host.clone();
    let host = host.ok_or_else(|| missing("smtp_host", "smtp_mode = self_local needs it"))?;
    let (security, usual_port) = match options.smtp_security.as_str() {
        "starttls" => (SmtpSecurity::StartTls, 587),
        "none" => (SmtpSecurity::None, 25),
        _ => (SmtpSecurity::Tls, 465),
    };
    let login = match (&options.smtp_user_name, &options.smtp_user_password) {
        (Some(user), Some(password)) => {
            Some(SmtpLogin { user: user.clone(), password: password.expose().to_owned() })
        }
        (Some(_), None) => return Err(missing("smtp_user_password", "smtp_user_name needs it")),
        (None, Some(_)) => {
            return Err(missing("smtp_user_name", "smtp_user_password is of no use without it"));
        }
        (None, None) => None,
    };
    Ok(SmtpServer {
        host,
        port: options.smtp_port.unwrap_or(usual_port),
        security,
        login,
        ca_file: options.smtp_ca_file.as_ref().map(Into::into),
        timeout: timeout(options),
    })
}

fn timeout(options: &Notification) -> Duration {
    Duration::from_secs(options.smtp_timeout.into())
}

#[cfg(test)]
mod tests {
    use zaqar_config::{Config, Secret};
    use zaqar_notifier::{MailTransport, SmtpSecurity};

    use super::{options, refusals, warnings};

    fn self_local() -> Config {
        let mut config = Config::default();
        let notification = &mut config.notification;
        notification.smtp_mode = "self_local".to_owned();
        notification.smtp_host = Some("mail.example.org".to_owned());
        config
    }

    #[test]
    fn the_usual_way_is_upstreams_sendmail() {
        let options = options(&Config::default().notification).unwrap();
        let MailTransport::Program(program) = options.transport else { panic!() };
        assert_eq!(
            (program.program.as_str(), program.arguments.join(" ")),
            ("/usr/sbin/sendmail", "-t -oi".into())
        );
    }

    #[test]
    fn the_port_follows_the_protection_unless_given() {
        for (security, port, expected) in [
            ("tls", None, (SmtpSecurity::Tls, 465)),
            ("starttls", None, (SmtpSecurity::StartTls, 587)),
            ("none", None, (SmtpSecurity::None, 25)),
            ("none", Some(2525), (SmtpSecurity::None, 2525)),
        ] {
            let mut config = self_local();
            config.notification.smtp_security = security.to_owned();
            config.notification.smtp_port = port;
            let MailTransport::Server(server) = options(&config.notification).unwrap().transport else {
                panic!()
            };
            assert_eq!((server.security, server.port), expected);
        }
    }

    #[test]
    fn whatever_cannot_work_is_told() {
        let told = |change: fn(&mut Config)| {
            let mut config = self_local();
            change(&mut config);
            [refusals(&config), warnings(&config)].concat().join("\n")
        };
        assert_eq!(told(|_| ()), "");
        for (change, words) in [
            ((|config| config.notification.smtp_host = None) as fn(&mut Config), "smtp_host is missing"),
            (|config| config.notification.smtp_user_name = Some("a".into()), "smtp_user_password is missing"),
            (
                |config| config.notification.smtp_user_password = Some(Secret::new("b")),
                "smtp_user_name is missing",
            ),
            (
                |config| {
                    config.notification.smtp_mode = "third_part".into();
                    config.notification.smtp_command = " ".into();
                },
                "smtp_command names no program",
            ),
            (
                |config| {
                    let template = &mut config.notification.unsubscribe_confirmation_email_template;
                    template.insert("body".into(), "{3}".into());
                },
                "unsubscribe_confirmation_email_template has a brace in its body that belongs to none of {0}, {1} and {2}",
            ),
            (
                |config| {
                    config.notification.subscription_confirmation_email_template.remove("sender");
                },
                "subscription_confirmation_email_template has no sender",
            ),
            (
                |config| {
                    config.notification.smtp_security = "none".into();
                    config.notification.smtp_user_name = Some("a".into());
                    config.notification.smtp_user_password = Some(Secret::new("b"));
                },
                "without protection",
            ),
            (
                |config| config.notification.require_confirmation = true,
                "external_confirmation_url is not set",
            ),
        ] {
            let told = told(change);
            assert!(told.starts_with("[notification] ") && told.contains(words), "{words}: {told}");
        }
    }
}
