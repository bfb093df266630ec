//! A session's cookies: the access token for every request, the refresh token for the next one. No script
//! can read them, and no other site's page sends them along.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use time::Duration;

use crate::auth::SignedIn;
use crate::domain::TimeUs;
use crate::server::clock::wall_time;

/// Their names: with TLS under the prefix that browsers hold a site to.
const ACCESS: [&str; 2] = ["plainsight_access", "__Host-plainsight_access"];
const REFRESH: [&str; 2] = ["plainsight_refresh", "__Host-plainsight_refresh"];

/// What a request carries.
#[derive(Debug, Default, Clone, Copy)]
pub struct Carried<'a> {
    pub access: Option<&'a str>,
    pub refresh: Option<&'a str>,
}

/// `None` where there is neither.
pub fn read(jar: &CookieJar) -> Option<Carried<'_>> {
    let find = |names: [&str; 2]| {
        let mut found = names.into_iter().rev().filter_map(|name| jar.get(name));
        found.next().map(Cookie::value)
    };
    let carried = Carried {
        access: find(ACCESS),
        refresh: find(REFRESH),
    };
    (carried.access.is_some() || carried.refresh.is_some()).then_some(carried)
}

fn cookie(names: [&'static str; 2], value: String, is_secure: bool) -> Cookie<'static> {
    Cookie::build((names[usize::from(is_secure)], value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure)
        .build()
}

fn until(mut cookie: Cookie<'static>, expires: TimeUs) -> Cookie<'static> {
    let left = expires.since(wall_time()).max(0);
    cookie.set_max_age(Duration::microseconds(left));
    cookie
}

/// A session that was begun or renewed. The access token's cookie stays as long as the refresh token's:
/// that it has expired is for the server to find.
pub fn put(jar: CookieJar, signed_in: &SignedIn, is_secure: bool) -> CookieJar {
    let access = cookie(ACCESS, signed_in.access.expose().to_owned(), is_secure);
    let refresh = cookie(REFRESH, signed_in.refresh.expose().to_owned(), is_secure);
    jar.add(until(access, signed_in.refresh_expires))
        .add(until(refresh, signed_in.refresh_expires))
}

/// Takes a session's cookies back.
pub fn clear(jar: CookieJar, is_secure: bool) -> CookieJar {
    let gone = |names| {
        let mut cookie = cookie(names, String::new(), is_secure);
        cookie.set_max_age(Duration::ZERO);
        cookie
    };
    jar.add(gone(ACCESS)).add(gone(REFRESH))
}
