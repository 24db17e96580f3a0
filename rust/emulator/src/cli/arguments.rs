//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use graph_emulator::{EmulatorConfig, Quota, Tls};
use tracing::level_filters::LevelFilter;

/// A loopback emulator of the parts of Microsoft Graph that revoke sign-in sessions.
///
/// When it is ready it prints one line of JSON that says where it listens.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// How many users the directory has.
    #[arg(long, default_value_t = 200)]
    users: usize,
    /// The loopback port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long every Graph answer is held back, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = 0)]
    latency_ms: u64,
    /// The write quota: off, published, or LIMIT/SECONDS.
    #[arg(long, value_parser = parse_quota, default_value = "off")]
    quota: QuotaArgument,
    /// Decides the directory and everything else that looks random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long access tokens live.
    #[arg(long, value_name = "N", default_value_t = 3599)]
    token_lifetime_seconds: u64,
    /// How long a client must wait between two polls for a device code.
    #[arg(long, value_name = "N", default_value_t = 5)]
    device_interval_seconds: u64,
    /// The certificate, as DER or PEM, that client assertions are verified with.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Speaks HTTPS, and writes the certificate authority to trust to this file, as PEM.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// What the proxy asks for.
    #[arg(long, value_name = "USER:PASSWORD", requires = "tls_ca")]
    proxy_credential: Option<String>,
    /// Ends when standard input does.
    #[arg(long)]
    pub(crate) exit_on_stdin_eof: bool,
    /// What to log to standard error: off, error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log: LevelFilter,
}

/// A quota on the command line.
#[derive(Debug, Clone, Copy, PartialEq)]
struct QuotaArgument(Option<Quota>);

impl Arguments {
    pub(crate) fn config(&self) -> Result<EmulatorConfig, String> {
        let read =
            |path: &PathBuf| std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
        let certificate = self.certificate.as_ref().map(read).transpose()?;
        let tls = self
            .tls_ca
            .as_ref()
            .map(|file| Tls { ca_file: Some(file.clone()), proxy_credential: self.proxy_credential.clone() });
        Ok(EmulatorConfig {
            tls,
            users: self.users,
            port: self.port,
            seed: self.seed,
            latency: Duration::from_millis(self.latency_ms),
            quota: self.quota.0,
            token_lifetime: Duration::from_secs(self.token_lifetime_seconds),
            device_interval: Duration::from_secs(self.device_interval_seconds),
            certificate: certificate.map(certificate_der),
            ..EmulatorConfig::default()
        })
    }
}

/// Takes PEM for what it holds, and anything else for DER.
fn certificate_der(file: Vec<u8>) -> Vec<u8> {
    match x509_parser::pem::parse_x509_pem(&file) {
        Ok((_, pem)) => pem.contents,
        Err(_) => file,
    }
}

fn parse_quota(text: &str) -> Result<QuotaArgument, String> {
    let quota = match text {
        "off" => None,
        "published" => Some(Quota::published()),
        _ => {
            let parsed = text.split_once('/').and_then(|(limit, seconds)| {
                Some(Quota::new(limit.parse().ok()?, Duration::from_secs(seconds.parse().ok()?)))
            });
            Some(parsed.ok_or("expected off, published or LIMIT/SECONDS, such as 3000/150")?)
        }
    };
    Ok(QuotaArgument(quota))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::{CommandFactory as _, Parser as _};
    use graph_emulator::Quota;

    use super::{Arguments, parse_quota};

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
        let arguments = Arguments::parse_from(["graph-emulator", "--users", "5", "--quota", "10/2", "--seed", "3"]);
        let config = arguments.config().expect("no file to read");
        assert_eq!((config.users, config.seed), (5, 3));
        assert_eq!(config.quota, Some(Quota::new(10, Duration::from_secs(2))));
    }

    #[test]
    fn quotas_are_read() {
        assert_eq!(parse_quota("off").map(|quota| quota.0), Ok(None));
        assert_eq!(parse_quota("published").map(|quota| quota.0), Ok(Some(Quota::published())));
        assert!(parse_quota("lots").is_err() && parse_quota("5/").is_err() && parse_quota("-5/3").is_err());
    }
}
