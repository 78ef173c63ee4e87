//! The guard on addresses: which ones a subscriber may make this server connect to.
//!
//! A tenant chooses where notifications go; without a guard the server would carry requests into networks that the
//! tenant cannot reach. What is checked is the address that is connected to, after names are resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Which addresses may be connected to.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    /// May be connected to although `denied` or the rule on loopback refuses them. What is always refused stays so.
    pub allowed: Vec<IpNet>,
    /// May not be connected to.
    pub denied: Vec<IpNet>,
    /// Whether this machine's own addresses may be connected to: only where the server itself is reached by them alone.
    pub loopback: bool,
}

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the address {0} is link-local or serves a cloud's metadata")]
    LinkLocal(IpAddr),
    #[error("the address {0} is a multicast or broadcast address")]
    Multicast(IpAddr),
    #[error("the address {0} is no address of a host")]
    Unspecified(IpAddr),
    #[error("the address {0} is this machine's own")]
    Loopback(IpAddr),
    #[error("the address {0} is in a range that the operator has denied")]
    Denied(IpAddr),
}

/// Addresses outside of the link-local ranges at which clouds serve metadata and credentials.
const METADATA: [IpAddr; 6] = [
    // Alibaba Cloud; Azure; Amazon, in IPv6.
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    // Google; Oracle; Scaleway.
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
];

impl AddressGuard {
    /// Whether `address` may be connected to. An IPv4 address in an IPv6 one's clothes is judged as what it is.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        std::iter::once(address).chain(embedded(address)).try_for_each(|address| self.check_plain(address))
    }

    fn check_plain(&self, address: IpAddr) -> Result<(), Refusal> {
        if is_link_local(address) || METADATA.contains(&address) {
            return Err(Refusal::LinkLocal(address));
        }
        if is_multicast(address) {
            return Err(Refusal::Multicast(address));
        }
        if is_no_host(address) {
            return Err(Refusal::Unspecified(address));
        }
        if contains(&self.allowed, address) {
            return Ok(());
        }
        if contains(&self.denied, address) {
            return Err(Refusal::Denied(address));
        }
        if address.is_loopback() && !self.loopback {
            return Err(Refusal::Loopback(address));
        }
        Ok(())
    }
}

fn contains(ranges: &[IpNet], address: IpAddr) -> bool {
    ranges.iter().any(|range| range.contains(&address))
}

const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        // Site-local addresses, too: deprecated, and never routed.
        IpAddr::V6(address) => address.is_unicast_link_local() || address.segments()[0] & 0xffc0 == 0xfec0,
    }
}

const fn is_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

/// 0.0.0.0/8 ("this network", which Linux takes for itself), 240.0.0.0/4 (reserved), `::`.
const fn is_no_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 0 || address.octets()[0] >= 240,
        IpAddr::V6(address) => address.is_unspecified(),
    }
}

/// The IPv4 address that packets to an IPv6 address may end at: mapped, compatible, NAT64, 6to4, Teredo, ISATAP.
fn embedded(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else { return None };
    let [a, b, c, d, e, f, high, low] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0) if !address.is_loopback() && !address.is_unspecified() => v4(high, low),
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, ..) => v4(high, low),
        (0x2002, ..) => v4(b, c),
        (0x2001, 0, ..) => v4(!high, !low),
        (_, _, _, _, 0 | 0x200, 0x5efe) => v4(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::{ProptestConfig, any, proptest};

    use super::{AddressGuard, Refusal};

    fn refused(guard: &AddressGuard, address: &str) -> bool {
        guard.check(address.parse().unwrap()).is_err()
    }

    #[test]
    fn ordinary_addresses_are_fine() {
        let guard = AddressGuard::default();
        for address in
            ["93.184.216.34", "10.1.2.3", "192.168.0.1", "100.64.0.1", "2606:4700::1111", "fd00::1"]
        {
            assert_eq!(guard.check(address.parse().unwrap()), Ok(()), "{address}");
        }
    }

    /// Whatever an operator allows.
    #[test]
    fn some_addresses_are_always_refused() {
        let everything = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        let guard = AddressGuard { allowed: everything, denied: Vec::new(), loopback: true };
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:42::42",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "ff02::1",
            "0.0.0.0",
            "0.1.2.3",
            "240.0.0.1",
            "::",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "2001:0:1:2:3:4:5601:5601",
            "2001:db8::5efe:169.254.169.254",
            "2001:db8::200:5efe:169.254.169.254",
            "::ffff:0.0.0.0",
        ] {
            assert!(refused(&guard, address), "{address}");
        }
        assert!(!refused(&guard, "127.0.0.1"));
    }

    #[test]
    fn loopback_is_for_servers_that_listen_on_it() {
        let (usual, local) =
            (AddressGuard::default(), AddressGuard { loopback: true, ..AddressGuard::default() });
        for address in ["127.0.0.1", "127.255.1.2", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::"]
        {
            assert!(refused(&usual, address), "{address}");
            assert!(!refused(&local, address), "{address}");
        }
    }

    #[test]
    fn an_operator_denies_and_allows_ranges() {
        let guard = AddressGuard {
            allowed: vec!["10.1.0.0/16".parse().unwrap(), "127.0.0.2/32".parse().unwrap()],
            denied: vec!["10.0.0.0/8".parse().unwrap()],
            loopback: false,
        };
        let denied = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(guard.check(denied), Err(Refusal::Denied(denied)));
        assert!(refused(&guard, "::ffff:10.0.0.1"));
        assert!(refused(&guard, "127.0.0.1"));
        for address in ["10.1.2.3", "127.0.0.2", "11.0.0.1"] {
            assert!(!refused(&guard, address), "{address}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn clothes_do_not_help(address in any::<u32>()) {
            let guard = AddressGuard::default();
            let plain = Ipv4Addr::from(address);
            if guard.check(IpAddr::V4(plain)).is_err() {
                let [a, b, c, d] = plain.octets();
                let [high, low] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
                for dressed in [
                    plain.to_ipv6_mapped(),
                    Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                    Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                    Ipv6Addr::new(0x2001, 0, 1, 2, 3, 4, !high, !low),
                ] {
                    assert!(guard.check(IpAddr::V6(dressed)).is_err(), "{dressed}");
                }
            }
        }
    }
}
