use super::*;

static FORM: Form = Form {
    server: "the store",
    schemes: &[("store", false), ("stores", true)],
    port: 77,
    example: "store://[user:password@]host[:77]/path",
    parameters: &["table", "key_column"],
};

fn parse(url: &str) -> Result<Address, Problem> {
    Address::parse(url, &FORM)
}

/// Returns the problem of a URL, after checking that it reveals no credential.
fn refused(url: &str) -> String {
    let problem = format!("{:?}", parse(url).unwrap_err());
    assert!(problem.contains("hint: Some"), "{problem}");
    for secret in ["s3cret", "hunter"] {
        assert!(!problem.contains(secret), "{url}: {problem}");
    }
    problem
}

#[test]
fn a_url_is_taken_apart() {
    let address =
        parse("stores://h%40nter:s3cr%2Fet%3A@db.example:1234/a/b%3F?optional=true&timeout_ms=250&table=x.y")
            .unwrap();
    assert_eq!(address.user.as_ref().unwrap().expose(), "h@nter");
    assert_eq!(address.password.as_ref().unwrap().expose(), "s3cr/et:");
    assert_eq!((address.host.as_str(), address.port, address.is_tls), ("db.example", 1234, true));
    assert_eq!((address.path.as_str(), address.parameters["table"].as_str()), ("a/b?", "x.y"));
    assert_eq!((address.is_optional, address.timeout), (true, Duration::from_millis(250)));
    assert_eq!(address.name(), "stores://db.example:1234/a/b?");
    assert_eq!(address.server(), "the store at `db.example:1234`");
}

#[test]
fn missing_parts_of_a_url_have_defaults() {
    for url in [
        "store://host",
        "store://host/",
        "store://host?",
        "store://host/?optional=false",
        "store://@host",
        "store://:@host",
    ] {
        let address = parse(url).unwrap();
        assert_eq!(
            (address.user.clone(), address.password.clone(), address.path.as_str()),
            (None, None, ""),
            "{url}"
        );
        assert_eq!((address.port, address.is_tls, address.is_optional), (77, false, false), "{url}");
        assert_eq!(address.timeout, Duration::from_secs(5), "{url}");
    }
}

#[test]
fn a_password_may_contain_unambiguous_characters() {
    let address = parse("store://:a:b@c@host").unwrap();
    assert_eq!((address.user, address.password.unwrap().expose()), (None, "a:b@c"));
}

#[test]
fn hosts_and_ports_of_all_kinds_are_distinguished() {
    let place = |url| parse(url).map(|address| (address.host, address.port));
    assert_eq!(place("store://[::1]"), Ok(("[::1]".into(), 77)));
    assert_eq!(place("store://u@[::1]:8"), Ok(("[::1]".into(), 8)));
    assert_eq!(place("store://127.0.0.1:65535"), Ok(("127.0.0.1".into(), 65535)));
    for url in [
        "store://",
        "store:///x",
        "store://:1",
        "store://a b",
        "store://[::1",
        "store://[::1]x",
        "store://[h]",
        "store://u:p@",
    ] {
        assert!(refused(url).contains("names no host"), "{url}");
    }
    for port in ["0", "65536", "+1", "", "s3cret", "1:2"] {
        assert!(refused(&format!("store://host:{port}")).contains("from 1 to 65535"), "{port}");
    }
}

#[test]
fn a_wrong_url_never_repeats_credentials() {
    assert!(
        refused("srote://hunter:s3cret@host")
            .contains("a URL such as `store://[user:password@]host[:77]/path`")
    );
    refused("hunter:s3cret@host");
    assert!(refused("store://hunter:s3cret/x@host").contains("`@` behind the host"));
    assert!(refused("store://hunter:s3cret?x@host").contains("`@` behind the host"));
    assert!(refused("store://hunter:s3cret#x@host").contains("`#`"));
    assert!(refused("store://hunter:s3cret").contains("port"));
    assert!(refused("store://hunter:s3cret%@host").contains("the password in the URL has a `%`"));
    assert!(refused("store://hunter%:s3cret@host").contains("the user name in the URL has a `%`"));
    assert!(refused("store://hunter:s3cret%FF@host").contains("not text"));
    assert!(refused("store://hunter:s3cret%00@host").contains("not text"));
    assert!(refused("store://host/?password=s3cret").contains("unknown parameter `password`"));
    let shown = format!("{:?}", parse("store://hunter:s3cret@host/x").unwrap());
    assert!(!shown.contains("hunter") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn unknown_and_doubled_parameters_are_refused() {
    let problem = refused("store://host/?timeout_m=1");
    assert!(problem.contains("unknown parameter `timeout_m` in the URL"), "{problem}");
    assert!(problem.contains("`table`, `key_column`, `optional`, `timeout_ms`"), "{problem}");
    assert!(problem.contains("did you mean `timeout_ms`?"), "{problem}");
    assert!(refused("store://host/?table=a&table=b").contains("gives the parameter `table` twice"));
    assert!(refused("store://host/?optional=yes").contains("neither `true` nor `false`"));
    assert!(refused("store://host/?optional").contains("neither `true` nor `false`"));
}

#[test]
fn timeouts_have_bounds() {
    let timeout =
        |text: &str| parse(&format!("store://host/?timeout_ms={text}")).map(|address| address.timeout);
    assert_eq!(timeout("1"), Ok(Duration::from_millis(1)));
    assert_eq!(timeout("60000"), Ok(Duration::from_mins(1)));
    for text in ["0", "60001", "", "-1", "1.5", "+1", "99999999999999999999"] {
        let problem = format!("{:?}", timeout(text).unwrap_err());
        assert!(problem.contains("not a whole number from 1 to 60000"), "{text}: {problem}");
    }
}
