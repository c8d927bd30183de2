//! A line of the table: one instance type, its properties in cells with a tab between two.

use std::iter::from_fn;

use super::name::TypeName;
use super::property::Property;

/// An instance type, as far as berth reads it besides the properties that become labels.
#[derive(Debug)]
pub struct InstanceType {
    /// The name, such as `m7g.xlarge`.
    pub name: &'static str,
    /// The number of vCPUs.
    pub vcpus: u64,
    /// The memory, in MiB.
    pub memory_mib: u64,
    /// The maker of its GPUs and their number.
    pub gpus: Option<(&'static str, u64)>,
    /// The maker of its accelerators and their number.
    pub accelerators: Option<(&'static str, u64)>,
    /// The number of cores of its Neuron accelerators.
    pub neuron_cores: u64,
    /// The number of its Elastic Fabric Adapters.
    pub efa_interfaces: u64,
    /// True if a pod on it can have a network interface of its own, for security groups.
    pub trunking: bool,
}

/// Returns the column with the value of a property, or `None` if the name gives it away.
pub(super) fn column_of(property: Property) -> Option<&'static str> {
    Some(match property {
        Property::InstanceType
        | Property::Category
        | Property::Family
        | Property::Generation
        | Property::Size
        | Property::Flex => return None,
        Property::Architecture => "architecture",
        Property::Cpu => "vcpus",
        Property::CpuManufacturer => "cpu_manufacturer",
        Property::CpuClock => "clock_mhz",
        Property::Memory => "memory_mib",
        Property::EbsBandwidth => "ebs_mbps",
        Property::NetworkBandwidth => "network_mbps",
        Property::Hypervisor => "hypervisor",
        Property::Encryption => "encrypted_transit",
        Property::LocalNvme => "nvme_gb",
        Property::GpuName => "gpu_name",
        Property::GpuManufacturer => "gpu_manufacturer",
        Property::GpuCount => "gpu_count",
        Property::GpuMemory => "gpu_memory_mib",
        Property::AcceleratorName => "accelerator_name",
        Property::AcceleratorManufacturer => "accelerator_manufacturer",
        Property::AcceleratorCount => "accelerator_count",
    })
}

/// The cell of a type that lacks a property.
const ABSENT: &str = "-";

/// Returns the cell at a position of a line, or `None` if it is [`ABSENT`].
pub(super) fn cell(line: &'static str, column: usize) -> Option<&'static str> {
    cells(line).nth(column).filter(|cell| *cell != ABSENT)
}

/// Returns the cells of a line. They are short, and to look at every byte finds their ends in half the time that the standard
/// library's search for a character takes. berth reads the table as it starts.
pub(super) fn cells(line: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = Some(line);
    from_fn(move || {
        let line = rest?;
        let end = line.bytes().position(|byte| byte == b'\t');
        rest = end.map(|end| &line[end + 1..]);
        Some(&line[..end.unwrap_or(line.len())])
    })
}

/// The positions of the columns that every line is read for.
pub(super) struct Parts {
    vcpus: usize,
    memory_mib: usize,
    gpus: (usize, usize),
    accelerators: (usize, usize),
    neuron_cores: usize,
    efa_interfaces: usize,
    spot: usize,
    trunking: usize,
}

impl Parts {
    pub(super) fn new(column: impl Fn(&str) -> Option<usize>) -> Option<Self> {
        Some(Self {
            vcpus: column("vcpus")?,
            memory_mib: column("memory_mib")?,
            gpus: (column("gpu_manufacturer")?, column("gpu_count")?),
            accelerators: (
                column("accelerator_manufacturer")?,
                column("accelerator_count")?,
            ),
            neuron_cores: column("neuron_cores")?,
            efa_interfaces: column("efa_interfaces")?,
            spot: column("spot")?,
            trunking: column("trunking")?,
        })
    }

    /// Reads a line: the type, and true if EC2 offers it on spot. `None` if its name does not follow the grammar.
    pub(super) fn read(&self, cells: &[&'static str]) -> Option<(InstanceType, bool)> {
        let text = |column: usize| cells.get(column).copied().filter(|cell| *cell != ABSENT);
        let number = |column| text(column)?.parse::<u64>().ok();
        let made = |(maker, count)| text(maker).zip(number(count));
        let kind = InstanceType {
            name: cells.first()?,
            vcpus: number(self.vcpus)?,
            memory_mib: number(self.memory_mib)?,
            gpus: made(self.gpus),
            accelerators: made(self.accelerators),
            neuron_cores: number(self.neuron_cores).unwrap_or(0),
            efa_interfaces: number(self.efa_interfaces).unwrap_or(0),
            trunking: text(self.trunking) == Some("true"),
        };
        TypeName::of_type(kind.name)?;
        Some((kind, text(self.spot) == Some("true")))
    }
}
