//! Which proxy leads out of this network.

use reqwest::{ClientBuilder, NoProxy, Proxy};
use url::Url;

/// Which proxy requests go through. Those to this machine never go through any.
#[derive(Debug, Clone, Default)]
pub enum ProxySettings {
    /// What the environment variables of the process and the operating system say.
    #[default]
    System,
    /// None.
    Direct,
    /// This one, for every host but those named.
    Through {
        /// Its address; user name and password may be part of it.
        proxy: ProxyAddress,
        /// Hosts that are reached without it, in the form of the variable `NO_PROXY`.
        except: Option<String>,
    },
}

/// The address of a proxy. Its `Debug` shows no password.
#[derive(Clone)]
pub struct ProxyAddress(Url);

impl ProxyAddress {
    /// Reads an address; without a scheme it is http, as in the variable `HTTPS_PROXY`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let url = Url::parse(text).ok().filter(Url::has_host).or_else(|| Url::parse(&format!("http://{text}")).ok())?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(Self(url))
    }
}

impl std::fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ProxyAddress").field(&self.0.host_str().unwrap_or_default()).finish()
    }
}

impl ProxySettings {
    /// What variables of the environment say, which are not always those of the process: a runtime such as
    /// .NET has its own. `other` is for a system that may know a proxy by itself.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>, other: Self) -> Self {
        let either =
            |upper: &str, lower: &str| variable(lower).or_else(|| variable(upper)).filter(|v| !v.trim().is_empty());
        let address = either("HTTPS_PROXY", "https_proxy").or_else(|| either("ALL_PROXY", "all_proxy"));
        match address.as_deref().and_then(ProxyAddress::parse) {
            Some(proxy) => Self::Through { proxy, except: either("NO_PROXY", "no_proxy") },
            None => other,
        }
    }

    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, reqwest::Error> {
        match self {
            Self::System => Ok(builder),
            Self::Direct => Ok(builder.no_proxy()),
            Self::Through { proxy, except } => {
                let except = except.as_deref().and_then(NoProxy::from_string);
                Ok(builder.no_proxy().proxy(Proxy::all(proxy.0.clone())?.no_proxy(except)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> ProxySettings {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        ProxySettings::from_variables(find, ProxySettings::Direct)
    }

    #[test]
    fn variables_are_read_as_other_programs_read_them() {
        let ProxySettings::Through { proxy, except } =
            from(&[("HTTPS_PROXY", "proxy.contoso.com:8080"), ("NO_PROXY", "localhost,.contoso.com")])
        else {
            panic!("there is a proxy");
        };
        assert_eq!(proxy.0.as_str(), "http://proxy.contoso.com:8080/");
        assert_eq!(except.as_deref(), Some("localhost,.contoso.com"));
        let ProxySettings::Through { proxy, .. } = from(&[("ALL_PROXY", "http://a:1"), ("https_proxy", "http://b:2")])
        else {
            panic!("there is a proxy");
        };
        assert_eq!(proxy.0.as_str(), "http://b:2/");
        for none in
            [&[][..], &[("HTTPS_PROXY", " ")], &[("HTTP_PROXY", "http://a:1")], &[("HTTPS_PROXY", "socks5://a:1")]]
        {
            assert!(matches!(from(none), ProxySettings::Direct), "{none:?}");
        }
    }

    #[test]
    fn the_password_of_a_proxy_is_not_shown() {
        let settings = from(&[("https_proxy", "http://me:hunter2@proxy:8080")]);
        let shown = format!("{settings:?}");
        assert!(shown.contains("proxy") && !shown.contains("hunter2"), "{shown}");
    }
}
