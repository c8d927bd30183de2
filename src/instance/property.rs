//! The properties of an instance type that platforms make labels of.

use crate::named::named;

named! {
    /// A property of an instance type. The name is the part of a label's key after `instance-`, except for
    /// [`Property::InstanceType`] and [`Property::Architecture`], whose labels are Kubernetes' own.
    pub enum Property {
        /// The whole name, such as `m7g.xlarge`.
        InstanceType = "type",
        /// The architecture, as Kubernetes names it.
        Architecture = "arch",
        /// The letters before the generation, such as `m`.
        Category = "category",
        /// The name before the dot, such as `m7g`.
        Family = "family",
        /// The number in the family, such as `7`.
        Generation = "generation",
        /// The name after the dot, such as `xlarge`.
        Size = "size",
        /// The number of vCPUs.
        Cpu = "cpu",
        /// The maker of the CPU.
        CpuManufacturer = "cpu-manufacturer",
        /// The sustained clock speed of the CPU, in MHz.
        CpuClock = "cpu-sustained-clock-speed-mhz",
        /// The memory, in MiB.
        Memory = "memory",
        /// The baseline bandwidth to EBS, in Mbit/s.
        EbsBandwidth = "ebs-bandwidth",
        /// The baseline bandwidth of the network, in Mbit/s.
        NetworkBandwidth = "network-bandwidth",
        /// The hypervisor.
        Hypervisor = "hypervisor",
        /// `true` if traffic between instances is encrypted, and `false` if not.
        Encryption = "encryption-in-transit-supported",
        /// `true` if the family is a flex one, and `false` if not.
        Flex = "capability-flex",
        /// The size of the local NVMe disks together, in GB.
        LocalNvme = "local-nvme",
        /// The name of the GPU.
        GpuName = "gpu-name",
        /// The maker of the GPU.
        GpuManufacturer = "gpu-manufacturer",
        /// The number of GPUs.
        GpuCount = "gpu-count",
        /// The memory of one GPU, in MiB.
        GpuMemory = "gpu-memory",
        /// The name of the accelerator.
        AcceleratorName = "accelerator-name",
        /// The maker of the accelerator.
        AcceleratorManufacturer = "accelerator-manufacturer",
        /// The number of accelerators.
        AcceleratorCount = "accelerator-count",
    }
}
