//! Internet addresses and ranges of them, compared by value and never as text.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use super::query::literal;
use crate::error::{ErrorDetail, ErrorId};

/// Why a text is no address and no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidIpRange {
    /// The part before the slash is no address.
    #[error("it is neither an IPv4 nor an IPv6 address, alone or with a prefix length behind a slash")]
    NotAnAddress,
    /// The part behind the slash is no length, or too large a one.
    #[error("the prefix length behind the slash must be a number up to {longest}")]
    PrefixLength {
        /// The longest prefix that the address can have.
        longest: u8,
    },
}

/// A single address, or all addresses that begin with the same bits (RFC 4632, section 3.1, and RFC 4291,
/// section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpRange {
    /// Bits beyond the prefix are zero.
    network: IpAddr,
    prefix: u8,
}

impl InvalidIpRange {
    /// The error as people are shown it.
    pub fn detail(self, given: &str) -> ErrorDetail {
        let given: String = given.chars().filter(|c| !c.is_control()).take(120).collect();
        ErrorId::InvalidIpAddress.with_message(format!("'{given}' is not an address to look for: {self}."))
    }
}

impl FromStr for IpRange {
    type Err = InvalidIpRange;

    fn from_str(text: &str) -> Result<Self, InvalidIpRange> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidIpRange::NotAnAddress)?;
        let longest = longest_prefix(address);
        let prefix = length.map_or(Ok(longest), |length| {
            let digits = length.bytes().all(|byte| byte.is_ascii_digit());
            let length = length.parse::<u8>().ok().filter(|length| digits && *length <= longest);
            length.ok_or(InvalidIpRange::PrefixLength { longest })
        })?;
        // An IPv4 address in IPv6 clothes is that IPv4 address (RFC 4291, section 2.5.5.2).
        match address.to_canonical() {
            canonical if canonical != address && prefix >= 96 => Ok(Self::new(canonical, prefix - 96)),
            _ => Ok(Self::new(address, prefix)),
        }
    }
}

impl IpRange {
    fn new(address: IpAddr, prefix: u8) -> Self {
        Self { network: first_bits(address, prefix), prefix }
    }

    /// Whether an address is in the range. IPv4 and IPv6 have nothing in common, except that an IPv4
    /// address can be written as an IPv6 one.
    pub fn contains(&self, address: IpAddr) -> bool {
        let plain = first_bits(address, self.prefix) == self.network && address.is_ipv4() == self.network.is_ipv4();
        let canonical = address.to_canonical();
        plain || (canonical.is_ipv4() == self.network.is_ipv4() && first_bits(canonical, self.prefix) == self.network)
    }

    /// Conditions that every entry of the log with an address in the range meets, in the words that the
    /// log can compare with; empty where there are none.
    ///
    /// The log compares `ipAddress` as text and knows `eq` and `startsWith` alone. Source: Microsoft Learn,
    /// "signIn resource type". IPv4 has one spelling. Of an IPv6 address only leading groups of four digits
    /// are sure to be written the same, but for the case of their letters.
    pub(super) fn conditions(&self) -> Vec<String> {
        let starts: Vec<String> = match self.network {
            IpAddr::V4(address) if self.prefix == 32 => {
                return vec![format!("ipAddress eq {}", literal(&address.to_string()))];
            }
            IpAddr::V4(address) => {
                let whole = usize::from(self.prefix / 8);
                let octets: Vec<_> = address.octets()[..whole].iter().map(u8::to_string).collect();
                let start = octets.join(".");
                if start.is_empty() { Vec::new() } else { vec![start + "."] }
            }
            IpAddr::V6(address) => {
                // The last two groups may be written like an IPv4 address.
                let whole = usize::from(self.prefix / 16).min(6);
                let groups = address.segments();
                let sure = groups[..whole].iter().take_while(|group| **group >= 0x1000);
                let start = sure.map(|group| format!("{group:x}")).collect::<Vec<_>>().join(":");
                if start.is_empty() {
                    return Vec::new();
                }
                let start = start + ":";
                let upper = start.to_ascii_uppercase();
                if upper == start { vec![start] } else { vec![start, upper] }
            }
        };
        starts.iter().map(|start| format!("startsWith(ipAddress,{})", literal(start))).collect()
    }
}

impl fmt::Display for IpRange {
    /// `192.0.2.7`, or `192.0.2.0/24`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.network.fmt(f)?;
        if self.prefix < longest_prefix(self.network) { write!(f, "/{}", self.prefix) } else { Ok(()) }
    }
}

fn longest_prefix(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with all bits but the first ones zero; a prefix that is too long leaves it as it is.
fn first_bits(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> IpRange {
        text.parse().unwrap()
    }

    fn has(range_text: &str, address: &str) -> bool {
        range(range_text).contains(address.parse().unwrap())
    }

    #[test]
    fn ranges_hold_what_begins_with_them() {
        assert!(has("192.0.2.7", "192.0.2.7") && !has("192.0.2.7", "192.0.2.70"));
        assert!(has("10.1.2.3/20", "10.1.15.255") && !has("10.1.2.3/20", "10.1.16.0"));
        assert!(has("0.0.0.0/0", "203.0.113.9") && !has("0.0.0.0/0", "2001:db8::1"));
        assert!(has("2001:DB8:0:0::7", "2001:0db8::7") && !has("2001:db8::/32", "2001:db9::"));
        assert!(has("2001:db8::/33", "2001:db8:7fff::1") && !has("2001:db8::/33", "2001:db8:8000::1"));
        assert!(!has("::/0", "192.0.2.7") || has("::/0", "::1"));
        assert!(has("192.0.2.7", "::ffff:192.0.2.7") && has("::ffff:192.0.2.0/120", "192.0.2.200"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in
            ["", "/8", "192.0.2", "192.0.2.256", "192.0.2.007", "2001:db8", "fe80::1%eth0", "adele", "1.2.3.4,5"]
        {
            assert_eq!(text.parse::<IpRange>(), Err(InvalidIpRange::NotAnAddress), "{text}");
        }
        for text in ["192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/8/8", "192.0.2.0/ 8"] {
            assert_eq!(text.parse::<IpRange>(), Err(InvalidIpRange::PrefixLength { longest: 32 }), "{text}");
        }
        assert_eq!("::/129".parse::<IpRange>(), Err(InvalidIpRange::PrefixLength { longest: 128 }));
    }

    #[test]
    fn conditions_are_those_that_the_log_can_compare() {
        let conditions = |text| range(text).conditions();
        assert_eq!(conditions("192.0.2.7"), ["ipAddress eq '192.0.2.7'"]);
        assert_eq!(conditions("192.0.2.0/24"), ["startsWith(ipAddress,'192.0.2.')"]);
        assert_eq!(conditions("192.0.2.0/23"), ["startsWith(ipAddress,'192.0.')"]);
        assert!(conditions("192.0.0.0/7").is_empty() && conditions("::1").is_empty() && conditions("::/0").is_empty());
        assert_eq!(conditions("2001:db8::/32"), ["startsWith(ipAddress,'2001:')"]);
        assert_eq!(
            conditions("2a02:8109:b0c:1::7"),
            ["startsWith(ipAddress,'2a02:8109:')", "startsWith(ipAddress,'2A02:8109:')"]
        );
        assert_eq!(range("10.1.2.3/20").to_string(), "10.1.0.0/20");
    }

    fn bits(address: IpAddr) -> (bool, Vec<bool>) {
        let octets = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        (
            address.is_ipv4(),
            octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect(),
        )
    }

    /// The text satisfies one of the conditions, or there are none.
    fn met(conditions: &[String], text: &str) -> bool {
        conditions.is_empty()
            || conditions.iter().any(|condition| {
                let value = condition.split('\'').nth(1).unwrap();
                if condition.starts_with("ipAddress eq") { text == value } else { text.starts_with(value) }
            })
    }

    fn spellings(address: IpAddr) -> Vec<String> {
        match address {
            IpAddr::V4(v4) => vec![v4.to_string()],
            IpAddr::V6(v6) => {
                let full: Vec<_> = v6.segments().iter().map(|group| format!("{group:04x}")).collect();
                let short: Vec<_> = v6.segments().iter().map(|group| format!("{group:x}")).collect();
                let (full, short) = (full.join(":"), short.join(":"));
                vec![v6.to_string(), full.to_uppercase(), full, short]
            }
        }
    }

    /// Near addresses, so that ranges have something in them.
    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).into()),
            any::<u16>().prop_map(|bits| Ipv4Addr::from_bits(0x0a01_0000 | u32::from(bits)).into()),
            any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
            any::<u16>().prop_map(|bits| Ipv6Addr::from_bits(0x2a02_8109_0b0c << 80 | u128::from(bits)).into()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn a_range_is_its_first_bits(network in address(), other in address(), length in 0u8..=128) {
            let length = length.min(longest_prefix(network));
            let range: IpRange = format!("{network}/{length}").parse().unwrap();
            let ((family, of_network), (other_family, of_other)) = (bits(network), bits(other));
            let wanted = usize::from(length);
            let same = family == other_family && of_network[..wanted] == of_other[..wanted];
            prop_assert_eq!(range.contains(other), same);
            prop_assert!(range.contains(network));
        }

        #[test]
        fn conditions_never_lose_an_address(network in address(), other in address(), length in 0u8..=128) {
            let range: IpRange = format!("{network}/{}", length.min(longest_prefix(network))).parse().unwrap();
            for address in [network, other] {
                if range.contains(address) {
                    for text in spellings(address) {
                        prop_assert!(met(&range.conditions(), &text), "{} {}", range, text);
                    }
                }
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = text.parse::<IpRange>();
        }
    }
}
