//! Why there is no TLS with a server, in words: which check failed, and what can be done.

use crate::message::{Language, visible};
use crate::transport::Handshake;
use jiff::Timestamp;
use std::time::Duration;

/// What went wrong, for a server of this name.
pub(super) fn describe(fault: &Handshake, host: &str, language: Language) -> String {
    match language {
        Language::English => english(fault, host),
        Language::Russian => russian(fault, host),
    }
}

fn english(fault: &Handshake, host: &str) -> String {
    match fault {
        Handshake::UnknownIssuer => "the certificate is signed by nobody who is trusted here: \
             --pin takes one by its fingerprint, --ca by a file"
            .to_owned(),
        Handshake::BadSignature => {
            "a signature is wrong: the certificate is not the server's own, \
             or not signed by who is trusted here"
                .to_owned()
        }
        Handshake::WrongName { names } => {
            format!("the certificate is not for {}{}", visible(host), instead(names, ", but for "))
        }
        Handshake::Expired { since } => {
            format!("the certificate has expired{}", date(*since, " on "))
        }
        Handshake::NotYetValid => "the certificate is not valid yet: is this clock right?".into(),
        Handshake::Revoked => "the certificate was revoked".into(),
        Handshake::NotPinned { shown } => {
            format!("the certificate has not the fingerprint of --pin, but {shown}")
        }
        Handshake::BadCertificate { why } => format!("the certificate is no good: {why}"),
        Handshake::NotTls => "the server does not speak TLS".into(),
        Handshake::Closed => {
            "the server closed the connection during the TLS handshake: does it speak TLS?".into()
        }
        Handshake::NotLetIn => {
            "the server lets this address in no more for now: it may be full, or the address came \
             too often or is banned"
                .into()
        }
        Handshake::Refused { alert } => format!("the server refused the TLS handshake: {alert}"),
        Handshake::TimedOut => "the TLS handshake took too long".into(),
        Handshake::Other { why } => format!("no TLS: {why}"),
    }
}

fn russian(fault: &Handshake, host: &str) -> String {
    match fault {
        Handshake::UnknownIssuer => "сертификат не подписан никем, кому здесь доверяют: \
             --pin принимает его по отпечатку, --ca по файлу"
            .to_owned(),
        Handshake::BadSignature => "подпись неверна: это чужой сертификат, \
             или он подписан не тем, кому здесь доверяют"
            .to_owned(),
        Handshake::WrongName { names } => {
            format!("сертификат не для {}{}", visible(host), instead(names, ", а для "))
        }
        Handshake::Expired { since } => format!("срок сертификата истек{}", date(*since, " ")),
        Handshake::NotYetValid => "сертификат еще не действует: верны ли часы?".into(),
        Handshake::Revoked => "сертификат отозван".into(),
        Handshake::NotPinned { shown } => {
            format!("отпечаток сертификата не тот, что в --pin, а {shown}")
        }
        Handshake::BadCertificate { why } => format!("сертификат не годится: {why}"),
        Handshake::NotTls => "сервер не говорит на TLS".into(),
        Handshake::Closed => {
            "сервер закрыл соединение во время рукопожатия TLS: говорит ли он на TLS?".into()
        }
        Handshake::NotLetIn => "сервер сейчас не впускает с этого адреса: мест нет, \
             или с адреса приходили слишком часто, или он запрещен"
            .into(),
        Handshake::Refused { alert } => format!("сервер отказал в рукопожатии TLS: {alert}"),
        Handshake::TimedOut => "рукопожатие TLS длилось слишком долго".into(),
        Handshake::Other { why } => format!("нет TLS: {why}"),
    }
}

/// The names that the certificate has, where it has some.
fn instead(names: &[String], joint: &str) -> String {
    if names.is_empty() { String::new() } else { format!("{joint}{}", visible(&names.join(", "))) }
}

fn date(since: Option<Duration>, joint: &str) -> String {
    let seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
    let date = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    date.map(|date| format!("{joint}{}", date.strftime("%Y-%m-%d"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_that_failed_is_named() {
        let since = Some(Duration::from_secs(86_400));
        let names = vec!["a".to_owned(), "b".to_owned()];
        for (fault, text) in [
            (Handshake::WrongName { names }, "the certificate is not for host, but for a, b"),
            (Handshake::WrongName { names: vec![] }, "the certificate is not for host"),
            (Handshake::Expired { since }, "the certificate has expired on 1970-01-02"),
            (Handshake::NotTls, "the server does not speak TLS"),
        ] {
            assert_eq!(describe(&fault, "host", Language::English), text);
            assert!(!describe(&fault, "host", Language::Russian).is_empty());
        }
    }
}
