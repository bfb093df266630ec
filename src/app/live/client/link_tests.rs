//! What the machine does in outages, refusals and when it is woken.

use super::*;

fn live() -> Link {
    let mut link = Link::new(Backoff::default());
    assert_eq!(link.start(0.0), Step::Connect);
    link.welcomed();
    link.prove();
    link
}

fn offline(link: &Link) -> Option<OfflineCause> {
    match link.state(0.0) {
        Some(ConnectionState::Offline { cause }) => Some(cause),
        _ => None,
    }
}

#[test]
fn a_loss_is_tried_at_once_then_waits_and_counts_down() {
    let mut link = live();
    assert_eq!(link.lost(1006, 1_000.0, 1.0, true), Step::Connect);
    let now = link.state(1_000.0);
    assert_eq!(
        now,
        Some(ConnectionState::Reconnecting {
            attempt: 1,
            next_in_s: 0
        })
    );
    assert_eq!(
        link.lost(1006, 1_010.0, 1.0, true),
        Step::Wait { ms: 500 },
        "the second try"
    );
    assert_eq!(link.due(), Step::Connect);
    assert_eq!(
        link.lost(1006, 1_600.0, 1.0, true),
        Step::Wait { ms: 1_000 }
    );
    assert_eq!(
        link.state(1_700.0),
        Some(ConnectionState::Reconnecting {
            attempt: 3,
            next_in_s: 1
        })
    );
}

#[test]
fn the_first_try_reads_as_connecting() {
    let mut link = Link::new(Backoff::default());
    link.start(0.0);
    assert_eq!(link.state(0.0), Some(ConnectionState::Connecting));
    assert!(!link.welcomed(), "for the first time");
    assert_eq!(link.state(0.0), Some(ConnectionState::Live));
}

#[test]
fn only_a_session_that_proved_itself_ends_an_outage() {
    let mut link = live();
    link.lost(1006, 0.0, 1.0, true);
    link.welcomed();
    assert_eq!(
        link.lost(4008, 10.0, 1.0, true),
        Step::Wait { ms: 500 },
        "welcomed and closed"
    );
    link.due();
    link.welcomed();
    link.prove();
    assert_eq!(link.failed(), 0);
    assert_eq!(link.lost(1006, 20.0, 1.0, true), Step::Connect);
}

#[test]
fn the_servers_wish_is_heeded_once() {
    let mut link = live();
    link.announced(3_000);
    assert_eq!(link.lost(4001, 0.0, 0.0, true), Step::Wait { ms: 3_000 });
    link.due();
    assert_eq!(
        link.lost(1006, 3_000.0, 0.0, true),
        Step::Connect,
        "jitter of 0"
    );
}

#[test]
fn it_gives_up_and_waits_for_a_person() {
    let mut link = live();
    link.lost(1006, 0.0, 0.0, true);
    for _ in 0..19 {
        assert_eq!(link.lost(1006, 0.0, 0.0, true), Step::Connect);
    }
    assert_eq!(link.lost(1006, 0.0, 0.0, true), Step::Stay);
    assert_eq!(offline(&link), Some(OfflineCause::ServerAway));
    assert_eq!(link.due(), Step::Stay);
    assert_eq!(link.wake(Wake::Person, 9.0), Step::Connect);
    assert_eq!(link.failed(), 0);
}

#[test]
fn final_codes_name_their_cause_and_no_event_overrules_them() {
    for (code, cause) in [
        (4500, OfflineCause::NotSignedIn),
        (4502, OfflineCause::NotSignedIn),
        (4507, OfflineCause::Forbidden),
        (4510, OfflineCause::Version),
        (4504, OfflineCause::Refused),
    ] {
        let mut link = live();
        assert_eq!(link.lost(code, 0.0, 0.5, true), Step::Stay);
        assert_eq!(offline(&link), Some(cause));
        assert_eq!(link.wake(Wake::Visible, 0.0), Step::Stay);
        assert_eq!(link.wake(Wake::Online, 0.0), Step::Stay);
        link.browser_offline();
        assert_eq!(offline(&link), Some(cause));
        assert_eq!(link.wake(Wake::Person, 0.0), Step::Connect);
    }
}

#[test]
fn the_browsers_network_stops_and_starts_it() {
    let mut link = live();
    link.browser_offline();
    assert_eq!(offline(&link), Some(OfflineCause::BrowserOffline));
    assert_eq!(
        link.lost(1006, 0.0, 0.5, false),
        Step::Stay,
        "the socket dies later"
    );
    assert_eq!(link.wake(Wake::Visible, 0.0), Step::Stay);
    assert_eq!(link.wake(Wake::Online, 5.0), Step::Connect);
}

#[test]
fn a_visible_tab_tries_at_once_but_keeps_the_count() {
    let mut link = live();
    link.lost(1006, 0.0, 1.0, true);
    link.lost(1006, 0.0, 1.0, true);
    assert_eq!(link.wake(Wake::Visible, 1.0), Step::Connect);
    assert_eq!(link.failed(), 1);
    assert_eq!(link.wake(Wake::Visible, 1.0), Step::Stay, "under way");
}

#[test]
fn a_page_that_is_left_makes_no_noise_and_can_come_back() {
    let mut link = live();
    link.leave();
    assert_eq!(link.lost(1001, 0.0, 0.5, true), Step::Stay);
    assert_eq!(link.state(0.0), None);
    assert_eq!(link.wake(Wake::Visible, 0.0), Step::Stay);
    assert_eq!(link.wake(Wake::Shown, 0.0), Step::Connect);
}
