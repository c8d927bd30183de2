//! Metrics as Prometheus' HTTP API answers a query: an instant vector.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::series::Series;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<(f64, String)>,
}

/// Returns the series of an answer that berth reads.
///
/// # Errors
/// If it is no answer, or one to another kind of query.
pub(super) fn read(text: &str) -> Result<Vec<Series>, String> {
    let answer: Answer = serde_json::from_str(text)
        .map_err(|error| format!("is no answer of Prometheus' API: {error}"))?;
    if answer.data.result_type != "vector" {
        let found = answer.data.result_type;
        return Err(format!(
            "holds a {found}, and not a vector: ask /api/v1/query, without a range"
        ));
    }
    let samples = answer.data.result.into_iter();
    let series = samples.filter_map(
        |Sample {
             metric: mut labels,
             value,
         }| {
            let name = labels.remove("__name__")?;
            let value = value?.1.parse().ok()?;
            Series::is_read(&name).then_some(Series {
                name,
                labels,
                value,
            })
        },
    );
    Ok(series.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;
    use crate::cli::audit::prices::series::PRICE;

    #[test]
    fn a_vector_is_read_and_nothing_else() {
        let answer = |kind: &str| {
            json!({"status": "success", "data": {"resultType": kind, "result": [
                {"metric": {"__name__": PRICE, "zone": "a", "pod": "karpenter-1"}, "value": [1.5, "0.1"]},
                {"metric": {"__name__": "up"}, "value": [1.5, "1"]},
            ]}})
            .to_string()
        };
        let found = read(&answer("vector")).unwrap();
        assert_eq!((found.len(), found[0].label("zone")), (1, "a"));
        assert!(read(&answer("matrix")).unwrap_err().contains("matrix"));
        assert!(read("{}").is_err());
    }
}
