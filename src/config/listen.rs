//! Where to listen: addresses and host names as given, looked up.

use super::ConfigError;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// Gives all addresses of a host name.
pub(super) type Lookup = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// The system's own lookup: hosts file and name servers. It may block.
pub(super) fn system(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    (host, port).to_socket_addrs().map(Iterator::collect)
}

/// All addresses to listen on, none twice.
pub(super) fn addresses(
    hosts: &[String],
    port: u16,
    lookup: Lookup,
) -> Result<Vec<SocketAddr>, ConfigError> {
    let mut found = Vec::new();
    for host in hosts {
        for address in one_host(host, port, lookup)? {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    Ok(without_covered(found))
}

fn one_host(host: &str, port: u16, lookup: Lookup) -> Result<Vec<SocketAddr>, ConfigError> {
    let refused = |reason: &str| ConfigError::Address {
        host: if host.is_empty() { "\"\"".to_owned() } else { host.to_owned() },
        reason: reason.to_owned(),
    };
    let bare = host.trim();
    let bare = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare);
    // An empty address has meant all of them since the course's first server.
    if bare.is_empty() || bare == "*" {
        return Ok(vec![(Ipv6Addr::UNSPECIFIED, port).into()]);
    }
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    if host.parse::<SocketAddr>().is_ok() || name_with_port(bare) {
        return Err(refused("give the port by itself: -p PORT"));
    }
    match lookup(bare, port) {
        Ok(found) if found.is_empty() => Err(refused("that name has no address")),
        Ok(found) => Ok(found),
        Err(_) => Err(refused("that is neither an address nor a name that has one")),
    }
}

/// `localhost:7777`.
fn name_with_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(name, port)| {
        !name.contains(':') && !port.is_empty() && port.chars().all(|c| c.is_ascii_digit())
    })
}

/// An unspecified address covers all others of its port: IPv6's covers IPv4 too.
fn without_covered(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let has = |ip: IpAddr| found.iter().any(|address| address.ip() == ip);
    let all = has(Ipv6Addr::UNSPECIFIED.into());
    let all_ipv4 = has(Ipv4Addr::UNSPECIFIED.into());
    found
        .into_iter()
        .filter(|address| match address.ip() {
            ip if ip.is_unspecified() => ip.is_ipv6() || !all,
            ip => !(all || all_ipv4 && ip.is_ipv4()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match host {
            "localhost" => Ok(vec![
                (Ipv6Addr::LOCALHOST, port).into(),
                (Ipv4Addr::LOCALHOST, port).into(),
                (Ipv4Addr::LOCALHOST, port).into(),
            ]),
            "empty" => Ok(Vec::new()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn listen(hosts: &[&str]) -> Result<Vec<String>, String> {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        addresses(&hosts, 7777, known)
            .map(|found| found.iter().map(SocketAddr::to_string).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_become_addresses() {
        let rows: [(&[&str], &[&str]); 11] = [
            (&["::"], &["[::]:7777"]),
            (&[""], &["[::]:7777"]),
            (&["*"], &["[::]:7777"]),
            (&["0.0.0.0"], &["0.0.0.0:7777"]),
            (&["127.0.0.1"], &["127.0.0.1:7777"]),
            (&["[::1]"], &["[::1]:7777"]),
            (&["localhost"], &["[::1]:7777", "127.0.0.1:7777"]),
            (&["localhost", "::1"], &["[::1]:7777", "127.0.0.1:7777"]),
            (&["localhost", "0.0.0.0"], &["[::1]:7777", "0.0.0.0:7777"]),
            (&["localhost", "::"], &["[::]:7777"]),
            (&["0.0.0.0", "::"], &["[::]:7777"]),
        ];
        for (hosts, found) in rows {
            assert_eq!(listen(hosts).unwrap(), found, "{hosts:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        let rows = [
            (
                "nowhere",
                "cannot listen on nowhere: that is neither an address nor a name that has one",
            ),
            ("empty", "cannot listen on empty: that name has no address"),
            ("127.0.0.1:80", "cannot listen on 127.0.0.1:80: give the port by itself: -p PORT"),
            ("localhost:80", "cannot listen on localhost:80: give the port by itself: -p PORT"),
            ("[::1]:80", "cannot listen on [::1]:80: give the port by itself: -p PORT"),
            (
                "300.1.1.1",
                "cannot listen on 300.1.1.1: that is neither an address nor a name that has one",
            ),
        ];
        for (host, text) in rows {
            assert_eq!(listen(&[host]).unwrap_err(), text, "{host}");
        }
    }
}
