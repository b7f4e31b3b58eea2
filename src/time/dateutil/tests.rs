use super::*;

/// Returns the moment in UTC, or the problem.
fn parsed(text: &str) -> String {
    match parse(text) {
        Ok((local, offset)) => {
            let moment = local - jiff::SignedDuration::from_secs(offset);
            moment.to_string()
        }
        Err(problem) => problem.to_string(),
    }
}

/// The expected moments were read by dateutil 2.9.0.
#[test]
fn complete_times_are_the_moments_that_dateutil_reads() {
    for (text, moment) in [
        ("2024-03-05 09:14:07 UTC", "2024-03-05T09:14:07"),
        ("2024-03-05 09:14:07.5 +0100", "2024-03-05T08:14:07.5"),
        (
            "2024-03-05T09:14:07.120334999Z",
            "2024-03-05T09:14:07.120334",
        ),
        ("Tue, 05 Mar 2024 09:14:07 GMT", "2024-03-05T09:14:07"),
        (
            "Tue, 5 Mar 2024 09:14:07 +0000 (UTC)",
            "2024-03-05T09:14:07",
        ),
        ("2024-03-05 09:14:07 +0100 (CET)", "2024-03-05T08:14:07"),
        (
            "Tue, 5 Mar 2024 09:14:07 -08:00 (PST)",
            "2024-03-05T17:14:07",
        ),
        ("2024-03-05 09:14:07 +0100 (UTC)", "2024-03-05T09:14:07"),
        ("2024-03-05 09:14:07 +0100 (CET) +02", "2024-03-05T07:14:07"),
        ("2024/03/05 09:14:07 Z", "2024-03-05T09:14:07"),
        ("03/05/2024 09:14 PM +00:00", "2024-03-05T21:14:00"),
        ("13/05/2024 9pm -05:30", "2024-05-14T02:30:00"),
        ("March 5, 2024 12:14 am Z", "2024-03-05T00:14:00"),
        ("5 mar of 2024 09h14m07.5s UTC", "2024-03-05T09:14:07.5"),
        ("5th of March 2024, 09:14.5 z", "2024-03-05T09:14:30"),
        ("05-Mar-2024 091407.25+05", "2024-03-05T04:14:07.25"),
        ("20240305T0914-0530", "2024-03-05T14:44:00"),
        ("20240305091407 UTC", "2024-03-05T09:14:07"),
        ("2024-3-5T9:14:7+5:30", "2024-03-05T03:44:07"),
        ("2024-03-05T09Z", "2024-03-05T09:00:00"),
        ("2024-03-05 09.25h Z", "2024-03-05T09:15:00"),
        ("09:14:07 2024-03-05 UTC", "2024-03-05T09:14:07"),
        // The signs of offsets after a name are reversed, as in the variable TZ.
        ("2024-03-05 09:14:07 GMT+3", "2024-03-05T12:14:07"),
        ("2024-03-05 09:14:07 UTC +03:00", "2024-03-05T09:14:07"),
        (
            "2024-03-05\u{202f}09:14:07\u{a0}AM\0 UTC ",
            "2024-03-05T09:14:07",
        ),
        ("2024-Mar-05 09:14:07+00:99", "2024-03-05T07:35:07"),
    ] {
        assert_eq!(parsed(text), moment, "{text}");
    }
}

#[test]
fn a_time_that_dateutil_would_complete_from_the_machine_is_refused() {
    for (text, problem) in [
        ("2024-03-05 09:14:07", TimeProblem::NoOffset),
        ("2024-03-05", TimeProblem::NoTimeOfDay),
        ("09:14:07Z", TimeProblem::NoDate),
        ("Tue 09:14:07Z", TimeProblem::NoDate),
        ("2024-03 09:14:07Z", TimeProblem::NoDate),
        ("5 Mar 09:14:07Z", TimeProblem::NoDate),
        ("24-03-05 09:14:07Z", TimeProblem::TwoDigitYear),
        ("5 Mar '24 09:14:07Z", TimeProblem::TwoDigitYear),
        ("5 Mar of 24 09:14:07Z", TimeProblem::TwoDigitYear),
        (
            "2024-03-05 09:14:07 EST",
            TimeProblem::ZoneName("EST".to_owned()),
        ),
        (
            "2024-03-05 09:14:07 EST-0500",
            TimeProblem::ZoneName("EST".to_owned()),
        ),
    ] {
        assert_eq!(parse(text), Err(problem), "{text}");
    }
}

#[test]
fn a_text_that_dateutil_refuses_is_refused() {
    for (text, problem) in [
        ("", TimeProblem::NoDate),
        ("now", TimeProblem::Unreadable),
        ("1709630047", TimeProblem::NumberAsText),
        ("2024-W10-2T09:14:07Z", TimeProblem::Unreadable),
        ("2024-03-05T09:14:079Z", TimeProblem::NoSuchTimeOfDay),
        ("2024-03-05T09:14:07Z0330", TimeProblem::Unreadable),
        ("2024-03-05T09:14:07+123", TimeProblem::Unreadable),
        ("2024-03-05T09:14:07+01:00:00", TimeProblem::Unreadable),
        ("2024-03-05 13:14 PM Z", TimeProblem::Unreadable),
        ("2024-03-05 09:14:07 [UTC]", TimeProblem::Unreadable),
        (
            "2024-03-05 09:14:07 +0100 (CET, Berlin)",
            TimeProblem::Unreadable,
        ),
        (
            "2024-03-05 09:14:07 +0100 (CET) (CET)",
            TimeProblem::Unreadable,
        ),
        ("2024-02-30T09:14:07Z", TimeProblem::NoSuchDate),
        ("2024-03-05T24:00:00Z", TimeProblem::MidnightOrLeapSecond),
        ("2024-03-05T09:14:60Z", TimeProblem::MidnightOrLeapSecond),
        ("2024-03-05T09:14:07+24:00", TimeProblem::NoSuchOffset),
        ("0000-03-05T09:14:07Z", TimeProblem::YearZero),
        ("0050-03-05T09:14:07Z", TimeProblem::EarlyYear),
        ("10000-03-05T09:14:07Z", TimeProblem::LateYear),
        ("1 2 3 4 09:14Z", TimeProblem::Unreadable),
        ("2024-03-05T09:14:٠٧Z", TimeProblem::Unreadable),
    ] {
        assert_eq!(parse(text), Err(problem), "{text}");
    }
}
