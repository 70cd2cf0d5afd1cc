//! What does not fit is refused, by the stores that note as by those behind them, and when it is restored.

use super::*;

/// What would end the run is asked before anything is remembered, also through what notes it.
#[test]
fn a_store_that_notes_refuses_what_its_store_refuses() {
    let resources = resources(NonZeroU64::new(1));
    let (day, week) = (Day(5), Day(5).start_of_week(WeekStart::Wed));
    let mut windows = resources.windows.borrow_mut();
    windows.count_attempt(id("8"), Cents(1), day, week).unwrap();
    assert_eq!(windows.check_room(id("8"), day, week), Ok(()));
    let refused = windows.check_room(id("9"), day, week).unwrap_err();
    assert_eq!(refused, StoreFull::MaxCustomers { max_customers: NonZeroU64::MIN });
    assert_eq!(windows.count_attempt(id("9"), Cents(1), day, week), Err(refused));
    let attempt = read_attempt(1, &LineContent::Whole(line("3", "9", 5).as_bytes().into())).unwrap();
    let again = resources.ids.borrow_mut().get_or_remember(id("3"), (&attempt).into(), Err(refused));
    assert_eq!(again, Err(refused));
    assert_eq!(resources.ids.borrow().count(), 0);
}

#[test]
fn what_is_more_than_a_limit_allows_by_now_is_refused_by_its_name() {
    let mut run = Run::new();
    run.take(&line("2", "8", 5), true);
    run.take(&line("3", "9", 5), true);
    run.commit();
    for is_all in [false, true] {
        if is_all {
            run.commit_all();
        }
        let one = resources(NonZeroU64::new(1));
        let refusal = run.refusal(&one, &run.input, run.input.len());
        assert!(refusal.starts_with("BeyondLimit") && refusal.contains("max_customers"), "{refusal}");
        let mut one = resources(None);
        let ids = ForgettingIdStore::new(10, NonZeroU64::new(1));
        one.ids = Rc::new(RefCell::new(ids));
        let refusal = run.refusal(&one, &run.input, run.input.len());
        assert!(refusal.starts_with("BeyondLimit") && refusal.contains("max_ids"), "{refusal}");
    }
}

/// The prefix of an input is known by its hash before lines of it are read. Should it be another one for all that, the run must not go on as if
/// it were not.
#[test]
fn lines_that_cannot_have_done_what_is_noted_are_refused() {
    let mut run = Run::new();
    run.take(&line("2", "8", 5), true);
    run.take("no attempt", false);
    run.take(&line("3", "8", 5), true);
    run.commit();
    let [first, third] = [line("2", "8", 5), line("3", "8", 5)];
    for (what, input) in [
        ("a line less", format!("{first}\nno attempt\n")),
        ("an attempt less", format!("{first}\nno attempt\nno attempt\n")),
        ("an id that was used already", format!("{first}\nno attempt\n{first}\n")),
    ] {
        let refusal = run.refusal(&resources(None), input.as_bytes(), input.len());
        assert!(refusal.contains("line 3 of the input is not the line"), "{what}: {refusal}");
    }
    let as_it_was = format!("{first}\nno attempt\n{third}\n");
    assert_eq!(as_it_was.as_bytes(), run.input);
    let refusal = run.refusal(&resources(None), &run.input, first.len() + 1);
    assert!(refusal.contains("line 2 of the input is not"), "of more lines than are committed: {refusal}");
    let refusal = run.refusal(&resources(None), first.as_bytes(), run.input.len());
    assert!(refusal.starts_with("Unreadable"), "{refusal}");
}

/// Lines are repeated one after the other, up to the last one that is committed: were one left out, what it did would be missing.
#[test]
fn lines_that_do_not_follow_one_another_up_to_the_commit_are_refused() {
    let input = b"one\ntwo\nthree\n";
    let restore = |records: &[StateRecord], line_no, bytes| {
        let disk = SimulatedDisk::new(0);
        disk.put(Path::new(INPUT), input);
        let opened = disk.open(Path::new(INPUT), OpenHow::ReadOnly).unwrap();
        let mut lines = CommittedLines::new(opened.into(), MAX_LINE_BYTES, input.len() as u64);
        let mut state = state(&resources(None));
        state.restore(&with_all(records), &mut lines)?;
        state.end_restore(Reached { line_no, bytes })
    };
    let at = |line_no, bytes| StateRecord::Position(Reached { line_no, bytes });
    let lines = |count| StateRecord::Lines(vec![Effects::NONE; count]);
    for sound in [vec![at(0, 0), lines(1), at(1, 4), lines(2)], vec![at(1, 4), lines(2)], vec![]] {
        restore(&sound, 3, 14).unwrap();
    }
    for (what, records, line_no) in [
        ("the second is left out", vec![at(0, 0), lines(1), at(2, 8), lines(1)], 2),
        ("the first comes twice", vec![at(0, 0), lines(1), at(0, 0), lines(3)], 1),
        ("the second begins elsewhere", vec![at(0, 0), lines(1), at(1, 3), lines(2)], 2),
        ("the last is missing", vec![at(0, 0), lines(2)], 3),
    ] {
        let refusal = format!("{:?}", restore(&records, 3, 14).unwrap_err());
        assert!(refusal.contains(&format!("line {line_no} of the input is not")), "{what}: {refusal}");
    }
}

/// That is another thing than records that make no sense: with a sound disk they do.
#[test]
fn an_input_that_cannot_be_read_is_told_as_that() {
    let content = line("2", "8", 5);
    let disk = SimulatedDisk::new(0);
    disk.put(Path::new(INPUT), content.as_bytes());
    let input = disk.open(Path::new(INPUT), OpenHow::ReadOnly).unwrap();
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations(), from_then_on: true });
    let mut lines = CommittedLines::new(input.into(), MAX_LINE_BYTES, content.len() as u64);
    let looked_up = StateRecord::Lines(vec![Effects::LOOKED_UP]);
    let records = with_all(&[StateRecord::Position(Reached::default()), looked_up]);
    let restored = state(&resources(None)).restore(&records, &mut lines);
    assert!(matches!(restored, Err(NotRestored::Unreadable(_))), "{restored:?}");
}

fn with_all(records: &[StateRecord]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        record::with_bytes(record, |record| bytes.extend_from_slice(record));
    }
    bytes
}

#[test]
fn records_that_make_no_sense_are_refused() {
    let senseless = Err("there is a record that makes no sense".to_owned());
    assert_eq!(StoreState::check(&[0]), senseless);
    let lines = StateRecord::Lines(vec![Effects::NONE, Effects::LOOKED_UP]);
    let sound = with_all(&[StateRecord::Position(Reached::default()), lines]);
    assert_eq!(StoreState::check(&sound), Ok(()));
    assert_eq!(StoreState::check(&sound[..sound.len() - 1]), senseless, "the last record is cut off");
    let impossible = with_all(&[StateRecord::Lines(vec![Effects::ACCEPTED])]);
    assert_eq!(StoreState::check(&impossible), senseless);
    let run = Run::new();
    let input = run.disk.open(Path::new(INPUT), OpenHow::New).unwrap();
    let mut lines = CommittedLines::new(input.into(), MAX_LINE_BYTES, 0);
    let restored = state(&run.resources).restore(&[0], &mut lines);
    assert!(matches!(restored, Err(NotRestored::Senseless(_))), "{restored:?}");
}
