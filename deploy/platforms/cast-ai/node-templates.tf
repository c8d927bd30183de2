# The six node templates of policy.yaml, for the provider castai/castai. They concern the whole cluster: read README.md
# first. `terraform fmt` checked the form of this file, and its arguments were compared with the schema of the provider's
# version 8.57.0. Nobody applied it.

terraform {
  required_providers {
    castai = {
      source  = "castai/castai"
      version = "~> 8.57"
    }
  }
}

variable "cluster_id" {
  description = "The cluster's id in CAST AI."
  type        = string
}

variable "configuration_id" {
  description = "The id of the node configuration for all of the templates: subnets, security groups, instance profile."
  type        = string
}

locals {
  # The differences between the templates. Every line has its entry in the catalogue of policy.yaml.
  node_templates = {
    default-by-castai = { architecture = "amd64", spot = true, should_taint = false }
    default-arm64     = { architecture = "arm64", spot = true, should_taint = true }
    truemark-amd64    = { architecture = "amd64", spot = false, should_taint = true }
    truemark-arm64    = { architecture = "arm64", spot = false, should_taint = true }
    batch-amd64       = { architecture = "amd64", spot = true, should_taint = true }
    batch-arm64       = { architecture = "arm64", spot = true, should_taint = true }
  }
}

resource "castai_node_template" "berth" {
  for_each = local.node_templates

  cluster_id       = var.cluster_id
  configuration_id = var.configuration_id
  name             = each.key
  is_enabled       = true

  # CAST AI makes this template itself, and allows no other default.
  is_default = each.key == "default-by-castai"

  # Without custom taints it is scheduling.cast.ai/node-template=NAME:NoSchedule.
  should_taint = each.value.should_taint

  constraints {
    architectures = [each.value.architecture]

    # Spot, and on-demand while there is no spot; CAST AI tries spot again after half an hour.
    spot                          = each.value.spot
    on_demand                     = !each.value.spot
    use_spot_fallbacks            = each.value.spot
    fallback_restore_rate_seconds = each.value.spot ? 1800 : 0

    min_cpu = 4
    max_cpu = 16

    # A bound on the bill, as on a Karpenter of one's own: the vCPUs of all nodes of the template together.
    resource_limits {
      cpu_limit_enabled   = true
      cpu_limit_max_cores = 200
    }
  }
}
