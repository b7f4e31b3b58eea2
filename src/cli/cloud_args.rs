//! The options for object storage, the same in every command that reads inputs.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::cloud::{AddressingStyle, CloudSettings};

#[derive(Args, Debug)]
pub struct CloudArgs {
    /// The URL of an S3 server other than Amazon's, with its scheme (or set AWS_ENDPOINT_URL). Needs a build with the feature
    /// cloud, as addresses such as s3://bucket/prefix/ do
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,

    /// The region of S3 buckets (or set AWS_REGION) [default: us-east-1]
    #[arg(long, value_name = "REGION")]
    s3_region: Option<String>,

    /// How requests to S3 name the bucket [default: path with --s3-endpoint, virtual for Amazon]
    #[arg(long, value_enum, ignore_case = true, value_name = "STYLE")]
    s3_addressing_style: Option<AddressingStyle>,
}

impl CloudArgs {
    pub fn settings(self) -> CloudSettings {
        CloudSettings {
            s3_endpoint: self.s3_endpoint,
            s3_region: self.s3_region,
            s3_addressing_style: self.s3_addressing_style,
        }
    }
}

impl ValueEnum for AddressingStyle {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Path, Self::Virtual]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Path => ("path", "in the path: https://host/bucket/key"),
            Self::Virtual => ("virtual", "in the host: https://bucket.host/key"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}
