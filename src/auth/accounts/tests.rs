//! What users, tokens and sessions may do and for how long, at times that the tests choose.

mod fixture;
mod secrets;

use fixture::{ADDRESS, Fixture, NOW, here, name, password};

use super::*;
use crate::auth::{
    Denied, JoinError, NewToken, NewUser, Origin, Password, RefreshError, SignInError, SignedIn,
};
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::domain::{Role, Scope, Scopes, Standing, Via};

#[tokio::test]
async fn the_first_start_makes_an_admin_and_no_later_one_does() {
    let fixture = Fixture::empty().await;
    let accounts = &fixture.accounts;
    let first = accounts.make_first_admin(NOW).await.unwrap().unwrap();
    assert_eq!(first.expose().chars().count(), 20);
    assert!(accounts.make_first_admin(NOW).await.unwrap().is_none());
    let signed_in = accounts
        .sign_in("admin", first, &here(), NOW)
        .await
        .unwrap();
    assert_eq!(signed_in.principal.role, Role::Admin);
    assert_eq!(fixture.actions().await, ["user_added", "signed_in"]);
}

#[tokio::test]
async fn who_signs_in_is_known_by_the_access_token_until_it_expires() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let signed_in = fixture.sign_in(NOW).await;
    assert_eq!(signed_in.access_expires, NOW.plus(900 * SECOND));
    assert_eq!(signed_in.refresh_expires, NOW.plus(30 * DAY));
    let access = signed_in.access.expose();
    let ada = accounts.check(access, NOW).unwrap();
    assert_eq!(ada, signed_in.principal);
    assert_eq!(
        (ada.name.as_str(), ada.role, ada.scopes),
        ("ada", Role::Operator, None)
    );
    assert!(ada.has(Scope::Trade) && ada.may(Role::Operator) && !ada.may(Role::Admin));
    let last = signed_in.access_expires.plus(-1);
    assert!(accounts.check(access, last).is_ok());
    assert_eq!(accounts.check(access, last.plus(1)), Err(Denied::Expired));
    // A socket of a browser goes on with its session, one of a program with its access token.
    let later = NOW.plus(DAY);
    assert_eq!(
        accounts.still_holds(&ada.authority, later),
        Err(Denied::Expired)
    );
    let browser = ada.as_long_as_the_session();
    assert!(accounts.still_holds(&browser.authority, later).is_ok());
    let over = accounts.still_holds(&browser.authority, NOW.plus(30 * DAY));
    assert_eq!(over, Err(Denied::Expired));
    // Names are not case-sensitive, passwords are.
    let shouted = accounts.sign_in(" ADA ", password(), &here(), NOW).await;
    assert!(shouted.is_ok());
}

#[tokio::test]
async fn a_wrong_name_is_told_as_a_wrong_password_and_is_not_written_down() {
    let fixture = Fixture::new().await;
    for (who, subject) in [
        ("ada", Some("ada")),
        ("nobody", None),
        ("my secret in the wrong field", None),
    ] {
        let wrong = Password::new("wrong password".into());
        let refused = fixture.accounts.sign_in(who, wrong, &here(), NOW).await;
        assert!(
            matches!(refused, Err(SignInError::Wrong)),
            "{who}: {refused:?}"
        );
        let entry = &fixture.accounts.audit_page(None, 1).await.unwrap()[0];
        assert_eq!(entry.action, AuditAction::SignInFailed);
        assert_eq!(entry.subject.as_deref(), subject);
        assert_eq!(entry.address.as_deref(), Some(ADDRESS));
        assert_eq!((entry.by, entry.who.as_ref()), (Via::None, None));
    }
}

#[tokio::test]
async fn who_fails_waits_and_strangers_cannot_lock_the_owner_out() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let stranger = Origin {
        address: "203.0.113.9".parse().unwrap(),
        agent: String::new(),
    };
    for _ in 0..6 {
        let wrong = Password::new("wrong password".into());
        let refused = accounts.sign_in("ada", wrong, &stranger, NOW).await;
        assert!(matches!(refused, Err(SignInError::Wrong)));
    }
    let entries = fixture.actions().await.len();
    // Not even the right password is looked at.
    let refused = accounts.sign_in("ada", password(), &stranger, NOW).await;
    assert!(
        matches!(refused, Err(SignInError::Wait { seconds: 1 })),
        "{refused:?}"
    );
    assert_eq!(
        fixture.actions().await.len(),
        entries,
        "what is not tried is not noted"
    );
    fixture.sign_in(NOW).await;
    let later = NOW.plus(SECOND);
    assert!(
        accounts
            .sign_in("ada", password(), &stranger, later)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_refresh_token_is_good_for_one_use_and_two_pages_at_once() {
    let fixture = Fixture::new().await;
    let first = fixture.sign_in(NOW).await;
    let at = NOW.plus(10 * MINUTE);
    let second = fixture.refresh(&first, at).await.unwrap();
    assert_eq!(second.refresh_expires, at.plus(30 * DAY));
    assert_ne!(first.refresh.expose(), second.refresh.expose());
    let again = fixture.refresh(&first, at.plus(10 * SECOND)).await.unwrap();
    assert_ne!(again.refresh.expose(), second.refresh.expose());
    // Both go on.
    let later = at.plus(MINUTE);
    let third = fixture.refresh(&second, later).await.unwrap();
    fixture.refresh(&again, later).await.unwrap();
    assert!(fixture.accounts.check(third.access.expose(), later).is_ok());
    let unknown = fixture.accounts.refresh("no token", &here(), later).await;
    assert!(matches!(unknown, Err(RefreshError::Unknown)));
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_later_ends_the_session() {
    let fixture = Fixture::new().await;
    let first = fixture.sign_in(NOW).await;
    let second = fixture.refresh(&first, NOW.plus(MINUTE)).await.unwrap();
    let ticks = fixture.accounts.changed();
    let late = NOW.plus(MINUTE + 10 * SECOND + 1);
    let reused = fixture.refresh(&first, late).await;
    assert!(matches!(reused, Err(RefreshError::Reused)), "{reused:?}");
    assert!(ticks.has_changed().unwrap());
    let access = second.access.expose();
    assert_eq!(fixture.accounts.check(access, late), Err(Denied::Revoked));
    let ended = fixture.refresh(&second, late).await;
    assert!(matches!(ended, Err(RefreshError::Ended)));
    assert_eq!(fixture.actions().await.last().unwrap(), "refresh_reused");
}

#[tokio::test]
async fn a_session_lasts_as_long_as_it_is_refreshed() {
    let fixture = Fixture::new().await;
    let first = fixture.sign_in(NOW).await;
    let second = fixture.refresh(&first, NOW.plus(20 * DAY)).await.unwrap();
    let third = fixture.refresh(&second, NOW.plus(45 * DAY)).await.unwrap();
    let over = fixture.refresh(&third, NOW.plus(75 * DAY)).await;
    assert!(matches!(over, Err(RefreshError::Ended)));
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_their_tokens_come_back() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let signed_in = fixture.sign_in(NOW).await;
    let token = fixture.token("read,trade", None).await;
    let ticks = accounts.changed();
    fixture.stand(Standing::Disabled).await;
    assert!(ticks.has_changed().unwrap());
    let access = signed_in.access.expose();
    assert_eq!(accounts.check(access, NOW), Err(Denied::Disabled));
    let held = accounts.still_holds(&signed_in.principal.authority, NOW);
    assert_eq!(held, Err(Denied::Revoked));
    assert_eq!(
        accounts.check(token.text.expose(), NOW),
        Err(Denied::Disabled)
    );
    let refused = accounts.sign_in("ada", password(), &here(), NOW).await;
    assert!(matches!(refused, Err(SignInError::Disabled)));
    let wrong = Password::new("wrong password".into());
    let refused = accounts.sign_in("ada", wrong, &here(), NOW).await;
    assert!(matches!(refused, Err(SignInError::Wrong)));
    fixture.stand(Standing::Active).await;
    assert!(accounts.check(token.text.expose(), NOW).is_ok());
    assert_eq!(accounts.check(access, NOW), Err(Denied::Revoked));
}

#[tokio::test]
async fn a_lower_role_counts_at_once_and_a_token_never_has_more() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let signed_in = fixture.sign_in(NOW).await;
    let token = fixture.token("read,trade,ingest", None).await;
    let by_token = accounts.check(token.text.expose(), NOW).unwrap();
    assert_eq!(by_token.role, Role::Operator);
    accounts
        .set_role(&name("ada"), Role::Viewer, &Actor::cli(), NOW)
        .await
        .unwrap();
    let ada = accounts.check(signed_in.access.expose(), NOW).unwrap();
    assert_eq!(ada.role, Role::Viewer);
    let by_token = accounts.still_holds(&by_token.authority, NOW).unwrap();
    assert_eq!(by_token.role, Role::Viewer);
    assert!(by_token.has(Scope::Read) && !by_token.has(Scope::Trade));
    accounts
        .set_role(&name("ada"), Role::Admin, &Actor::cli(), NOW)
        .await
        .unwrap();
    let by_token = accounts.check(token.text.expose(), NOW).unwrap();
    assert_eq!(by_token.role, Role::Operator, "no token is an admin's");
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_until_it_ends() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let reports = fixture.token("ingest", Some(NOW.plus(DAY))).await;
    let text = reports.text.expose();
    assert!(text.starts_with(&format!("ps_{}_", reports.id)) && text.len() == 12 + 43);
    let bot = accounts.check(text, NOW).unwrap();
    assert!(bot.has(Scope::Ingest) && !bot.has(Scope::Read) && !bot.has(Scope::Trade));
    assert_eq!((bot.name.as_str(), bot.role), ("ada", Role::Viewer));
    assert_eq!(accounts.check(text, NOW.plus(DAY)), Err(Denied::Expired));
    let other = fixture.token("read", None).await;
    let mixed = format!("{}{}", &text[..12], &other.text.expose()[12..]);
    assert_eq!(accounts.check(&mixed, NOW), Err(Denied::Unknown));
    let by = Actor::cli();
    accounts.revoke_token(&reports.id, &by, NOW).await.unwrap();
    accounts.revoke_token(&reports.id, &by, NOW).await.unwrap();
    assert_eq!(accounts.check(text, NOW), Err(Denied::Revoked));
    let listed = accounts.tokens().await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().any(|token| token.revoked_at == Some(NOW)));
    let revoked = fixture.actions().await;
    let revoked = revoked.iter().filter(|action| *action == "token_revoked");
    assert_eq!(revoked.count(), 1);
}

#[tokio::test]
async fn a_token_that_reads_is_exchanged_for_a_viewers_session_that_ends_with_it() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let token = fixture.token("read,trade", Some(NOW.plus(DAY))).await;
    let joined = accounts
        .join(token.text.expose(), &here(), NOW)
        .await
        .unwrap();
    assert_eq!(joined.refresh_expires, NOW.plus(DAY));
    let entry = &accounts.audit_page(None, 1).await.unwrap()[0];
    assert_eq!((entry.action, entry.by), (AuditAction::Joined, Via::Token));
    let viewer = accounts.check(joined.access.expose(), NOW).unwrap();
    let reads = Some(Scopes::of(&[Scope::Read]));
    assert_eq!((viewer.role, viewer.scopes), (Role::Viewer, reads));
    let carried = fixture
        .refresh(&joined, NOW.plus(DAY - MINUTE))
        .await
        .unwrap();
    assert_eq!(carried.access_expires, NOW.plus(DAY));
    assert_eq!(carried.refresh_expires, NOW.plus(DAY));
    let listed = accounts.sessions(&name("ada"), NOW).await.unwrap();
    assert_eq!(
        (listed[0].role, &listed[0].token),
        (Role::Viewer, &Some(token.id.clone()))
    );
    accounts
        .revoke_token(&token.id, &Actor::cli(), NOW)
        .await
        .unwrap();
    let access = joined.access.expose();
    assert_eq!(accounts.check(access, NOW), Err(Denied::Revoked));
    let refused = accounts.join(token.text.expose(), &here(), NOW).await;
    assert!(matches!(refused, Err(JoinError::Denied(Denied::Revoked))));

    let blind = fixture.token("trade", None).await;
    let refused = accounts.join(blind.text.expose(), &here(), NOW).await;
    assert!(matches!(refused, Err(JoinError::MayNotRead)));
    let signed_in = fixture.sign_in(NOW).await;
    let refused = accounts.join(signed_in.access.expose(), &here(), NOW).await;
    assert!(matches!(refused, Err(JoinError::NotAToken)));
}

#[tokio::test]
async fn sessions_are_listed_and_end_one_by_one_or_all_at_once() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let mut ticks = accounts.changed();
    let mut sessions = Vec::new();
    for number in 0..4 {
        sessions.push(fixture.sign_in(NOW.plus(number)).await);
    }
    assert!(!ticks.has_changed().unwrap(), "nobody else is concerned");
    let ids: Vec<_> = sessions.iter().map(Fixture::id).collect();
    let by = sessions[0].principal.actor(None);
    accounts.sign_out(&ids[0], &by, NOW).await.unwrap();
    assert!(ticks.has_changed().unwrap());
    ticks.mark_unchanged();
    accounts.end_session(&ids[1], &by, NOW).await.unwrap();
    let check = |session: &SignedIn| accounts.check(session.access.expose(), NOW);
    assert_eq!(check(&sessions[0]), Err(Denied::Revoked));
    assert_eq!(check(&sessions[1]), Err(Denied::Revoked));
    assert!(check(&sessions[2]).is_ok());
    let left = accounts.sessions(&name("ada"), NOW).await.unwrap();
    let left: Vec<_> = left.iter().map(|session| &session.id).collect();
    assert_eq!(left, [&ids[3], &ids[2]]);
    let again = accounts.end_session(&ids[1], &by, NOW).await;
    assert!(matches!(again, Err(AuthError::NoSession(id)) if id == ids[1]));
    accounts
        .sign_out_everywhere(&name("ada"), &by, NOW)
        .await
        .unwrap();
    assert_eq!(check(&sessions[3]), Err(Denied::Revoked));
    let said = fixture.actions().await;
    let last = &said[said.len() - 3..];
    assert_eq!(
        last,
        ["signed_out", "session_revoked", "signed_out_everywhere"]
    );
}

#[tokio::test]
async fn another_password_ends_all_sessions() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let signed_in = fixture.sign_in(NOW).await;
    let new = Password::new("another password".into());
    let by = signed_in.principal.actor(Some(here().address));
    accounts
        .set_password(&name("ada"), new.clone(), &by, NOW)
        .await
        .unwrap();
    assert_eq!(
        accounts.check(signed_in.access.expose(), NOW),
        Err(Denied::Revoked)
    );
    let refused = accounts.sign_in("ada", password(), &here(), NOW).await;
    assert!(matches!(refused, Err(SignInError::Wrong)));
    assert!(accounts.sign_in("ada", new, &here(), NOW).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let (by, before) = (Actor::cli(), fixture.actions().await);
    let add = async |name_text: &str, word: &str| {
        let new = NewUser {
            name: name(name_text),
            role: Role::Admin,
            password: Password::new(word.into()),
        };
        accounts.add_user(new, &by, NOW).await.unwrap_err()
    };
    assert!(matches!(
        add("ada", "long enough").await,
        AuthError::NameTaken(_)
    ));
    assert!(matches!(
        add("anonymous", "long enough").await,
        AuthError::NameReserved(_)
    ));
    assert!(matches!(
        add("bob", "too short").await,
        AuthError::PasswordShort(10)
    ));
    assert!(matches!(
        add("bob", &"x".repeat(1_025)).await,
        AuthError::PasswordLong(_)
    ));
    let new = |scopes: &[Scope], expires| NewToken {
        user: name("ada"),
        scopes: Scopes::of(scopes),
        expires,
        note: String::new(),
    };
    let refused = accounts.create_token(new(&[], None), &by, NOW).await;
    assert!(matches!(refused, Err(AuthError::NoScopes)));
    let refused = accounts
        .create_token(new(Scope::ALL, Some(NOW)), &by, NOW)
        .await;
    assert!(matches!(refused, Err(AuthError::ExpiresPast)));
    let refused = accounts.set_role(&name("bob"), Role::Admin, &by, NOW).await;
    assert!(matches!(refused, Err(AuthError::NoUser(_))));
    assert_eq!(fixture.actions().await, before);

    accounts
        .set_role(&name("ada"), Role::Admin, &by, NOW)
        .await
        .unwrap();
    for refused in [
        accounts
            .set_role(&name("ada"), Role::Viewer, &by, NOW)
            .await,
        accounts
            .set_standing(&name("ada"), Standing::Disabled, &by, NOW)
            .await,
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, AuthError::LastAdmin(_)) && error.is_mistake());
    }
}

#[tokio::test]
async fn keys_are_replaced_when_they_are_due_and_nobody_notices() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let at = NOW.plus(30 * DAY - MINUTE);
    let first = fixture
        .refresh(&fixture.sign_in(at).await, at)
        .await
        .unwrap();
    let kid = |token: &SignedIn| {
        let header = jsonwebtoken::decode_header(token.access.expose());
        header.unwrap().kid.unwrap()
    };
    let due = NOW.plus(30 * DAY);
    accounts.look(due).await.unwrap();
    let second = fixture.refresh(&first, due).await.unwrap();
    assert_ne!(kid(&first), kid(&second));
    assert!(accounts.check(first.access.expose(), due).is_ok());
    assert!(accounts.check(second.access.expose(), due).is_ok());
}

#[tokio::test]
async fn it_is_noted_to_the_minute_when_a_session_was_seen() {
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let signed_in = fixture.sign_in(NOW).await;
    let at = NOW.plus(5 * MINUTE + 7 * SECOND);
    accounts.check(signed_in.access.expose(), at).unwrap();
    accounts.tidy(at).await.unwrap();
    let listed = accounts.sessions(&name("ada"), at).await.unwrap();
    assert_eq!(listed[0].last_seen, at.floor(MINUTE));
    // A day after they ended they are forgotten, and the audit is not.
    let entries = fixture.actions().await;
    accounts.tidy(NOW.plus(32 * DAY)).await.unwrap();
    let gone = fixture.refresh(&signed_in, NOW.plus(32 * DAY)).await;
    assert!(matches!(gone, Err(RefreshError::Unknown)));
    assert_eq!(fixture.actions().await, entries);
}

#[tokio::test]
async fn whatever_else_is_done_is_written_down() {
    let fixture = Fixture::new().await;
    let signed_in = fixture.sign_in(NOW).await;
    let mapped = "::ffff:192.0.2.7".parse().unwrap();
    let entry = NewAudit {
        time: NOW,
        by: signed_in.principal.actor(Some(mapped)),
        action: AuditAction::Killed,
        subject: Some("x".repeat(300)),
        detail: Some("by hand".into()),
    };
    let id = fixture.accounts.audit(entry).await.unwrap();
    let page = fixture.accounts.audit_page(None, 1).await.unwrap();
    assert_eq!(
        (page[0].id, page[0].time, page[0].by),
        (id, NOW, Via::Session)
    );
    assert_eq!(page[0].who, Some(name("ada")));
    assert_eq!(page[0].address.as_deref(), Some("192.0.2.7"));
    assert_eq!(page[0].subject.as_ref().unwrap().len(), 200);
    let older = fixture.accounts.audit_page(Some(id), 100).await.unwrap();
    assert_eq!(older[0].action, AuditAction::SignedIn);
}

#[tokio::test]
async fn who_has_not_signed_in_stays_what_it_is() {
    let fixture = Fixture::empty().await;
    let viewer = Principal::anonymous(Role::Viewer);
    assert_eq!(viewer.name.as_str(), "anonymous");
    let holds = fixture.accounts.still_holds(&viewer.authority, NOW);
    assert_eq!(holds, Ok(viewer));
}
