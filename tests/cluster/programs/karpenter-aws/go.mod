// The Karpenter of AWS: its custom resource definitions alone.
module berth.test/karpenter-aws

go 1.26.6

require github.com/aws/karpenter-provider-aws v1.14.1 // indirect
