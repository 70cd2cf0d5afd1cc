use super::*;

#[test]
fn a_url_names_a_table_and_its_columns() {
    let url = "postgres://u:s3cret@h/db?table=app.config&key_column=k&value_column=v&optional=true";
    let postgres = Postgres::parse(url).unwrap();
    assert_eq!(
        (postgres.table.join("|").as_str(), postgres.address.is_tls, postgres.is_optional()),
        ("app|config", false, true)
    );
    assert_eq!(postgres.name(), "postgres://h:5432/db?table=app.config");
    assert!(!format!("{postgres:?}").contains("s3cret"));
    let postgres = Postgres::parse("postgresql://u@h/db?table=config&sslmode=require").unwrap();
    assert_eq!(
        (postgres.key_column.as_str(), postgres.value_column.as_str(), postgres.address.is_tls),
        ("key", "value", true)
    );
}

#[test]
fn names_are_quoted_and_never_pasted() {
    let url = "postgres://u@h/db?table=a%22b.c;d&key_column=k%22)--&value_column=V";
    let statement = Postgres::parse(url).unwrap().statement();
    assert_eq!(
        statement,
        "SELECT left(\"k\"\")--\"::text, 257), octet_length(\"V\"::text), \
         CASE WHEN octet_length(\"V\"::text) <= 1048576 THEN \"V\"::text END FROM \"a\"\"b\".\"c;d\" LIMIT 10001"
    );
}

#[test]
fn missing_parts_of_a_url_are_named() {
    let problem = |url| format!("{:?}", Postgres::parse(url).unwrap_err());
    for url in [
        "postgres://u@h/db",
        "postgres://u@h/db?table=",
        "postgres://u@h/db?table=a.b.c",
        "postgres://u@h/db?table=.t",
    ] {
        assert!(problem(url).contains("names no table"), "{url}");
    }
    assert!(problem("postgres://h/db?table=t").contains("names no user"));
    assert!(problem("postgres://u@h?table=t").contains("names no database"));
    assert!(problem("postgres://u@h/a/b?table=t").contains("names no database"));
    assert!(problem("postgres://u@h/db?table=t&key_column=").contains("`key_column` in the URL is empty"));
    assert!(
        problem("postgres://u@h/db?table=t&sslmode=prefer")
            .contains("none of `disable`, `require` and `verify-full`")
    );
    assert!(problem("postgres://u@h/db?tabel=t").contains("did you mean `table`?"));
}

#[test]
fn a_servers_error_is_shown_without_credentials() {
    let postgres = Postgres::parse("postgres://hunter:s3cret@h/db?table=a.t").unwrap();
    for code in ["28P01", "28000", "3D000", "42P01", "3F000", "42703", "42501", "53300"] {
        let problem = format!("{:?}", postgres.declined(code, "role \"hunter\" has the password s3cret"));
        assert!(!problem.contains("hunter") && !problem.contains("s3cret"), "{problem}");
    }
    let problem = format!("{:?}", postgres.declined("53300", "sorry, too many clients already"));
    assert!(
        problem.contains("PostgreSQL at `h:5432` says: 53300, sorry, too many clients already"),
        "{problem}"
    );
}
