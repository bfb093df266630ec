//! `docs/METRICS.md` says of each metric what the catalogue says.

use std::fmt::Write as _;
use std::path::Path;

use plainsight::domain::metric::{CATALOGUE, Sample};

const BEGIN: &str = "<!-- begin: made from src/domain/metric.rs -->\n";
const END: &str = "<!-- end -->\n";

fn tables() -> String {
    let mut out = String::new();
    for (sample, title) in [
        (Sample::Returns, "Returns"),
        (Sample::Pairs, "Against buy-and-hold"),
        (Sample::Samples, "Holding and trading"),
        (Sample::Trades, "Round trips"),
    ] {
        let _ = write!(
            out,
            "\n### {title}: n counts {}\n\n| key | name | formula | unit | least n | also undefined when |\n\
             | --- | --- | --- | --- | --- | --- |\n",
            sample.as_str()
        );
        for about in CATALOGUE.iter().filter(|about| about.sample == sample) {
            // A bar would end the cell.
            let cell = |text: &str| text.replace('|', "\\|");
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} | {} |",
                about.key,
                cell(about.name),
                cell(about.formula),
                about.unit.as_str(),
                about.fewest,
                cell(about.undefined),
            );
        }
    }
    out.push('\n');
    out
}

#[test]
fn the_document_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/METRICS.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("where the tables begin");
    let (found, after) = rest.split_once(END).expect("where the tables end");
    let wanted = tables();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, wanted, "UPDATE_DOCS=1 writes docs/METRICS.md anew");
}
