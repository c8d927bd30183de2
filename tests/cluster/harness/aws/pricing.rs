//! The price list, which also says which types can be had on demand.

use serde_json::json;

use super::instance_types::InstanceType;

/// Lists the prices of all types, whatever they are asked for.
pub(super) fn get_products<'t>(types: impl Iterator<Item = &'t InstanceType>) -> String {
    let products = types.map(|one| {
        let price = one.price();
        let dollars = format!("{}.{:06}", price / 1_000_000, price % 1_000_000);
        let dimensions = json!({"hour": {"pricePerUnit": {"USD": dollars}}});
        let product = json!({
            "product": {"attributes": {"instanceType": one.name}},
            "terms": {"OnDemand": {"term": {"priceDimensions": dimensions}}},
        });
        product.to_string()
    });
    json!({"PriceList": products.collect::<Vec<_>>()}).to_string()
}
