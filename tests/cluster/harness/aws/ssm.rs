//! The images of nodes, which Karpenter asks the parameter store for, and then EC2.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::xml::{list, tag};

/// An image: its id, the architecture in EC2's words, and its variant as parameters name it.
struct Image {
    id: &'static str,
    architecture: &'static str,
    variant: &'static str,
}

const IMAGES: [Image; 4] = [
    image("ami-00000000000000001", "x86_64", ""),
    image("ami-00000000000000002", "arm64", ""),
    image("ami-00000000000000003", "x86_64", "-nvidia"),
    image("ami-00000000000000004", "arm64", "-nvidia"),
];

const fn image(id: &'static str, architecture: &'static str, variant: &'static str) -> Image {
    Image {
        id,
        architecture,
        variant,
    }
}

/// Answers with the id of an image of Bottlerocket:
/// `/aws/service/bottlerocket/aws-k8s-VERSION[-nvidia]/ARCHITECTURE/latest/image_id`.
pub(super) fn get_parameter(body: &[u8]) -> (StatusCode, String) {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = request["Name"].as_str().unwrap_or_default();
    let mut images = IMAGES.iter();
    let image = images.find(|image| {
        let is_plain = image.variant.is_empty();
        name.contains(&format!("/{}/", image.architecture)) && is_plain != name.contains("-nvidia/")
    });
    let Some(image) = image else {
        let missing = json!({"__type": "ParameterNotFound", "message": name});
        return (StatusCode::BAD_REQUEST, missing.to_string());
    };
    let parameter = json!({"Name": name, "Type": "String", "Value": image.id, "Version": 1});
    (StatusCode::OK, json!({"Parameter": parameter}).to_string())
}

/// Describes all images, whatever they are selected by.
pub(super) fn describe_images() -> String {
    let images = IMAGES.iter().map(|image| {
        let name = format!(
            "bottlerocket-aws-k8s{}-{}",
            image.variant, image.architecture
        );
        [
            tag("imageId", image.id),
            tag("name", name),
            tag("architecture", image.architecture),
            tag("imageState", "available"),
            tag("creationDate", "2026-01-01T00:00:00.000Z"),
        ]
        .concat()
    });
    list("imagesSet", images)
}
