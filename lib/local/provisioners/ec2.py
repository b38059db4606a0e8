"""VPCs and their networking. The emulator stores these resources, but does not filter traffic."""

from __future__ import annotations

from ..emulator import ACCOUNT, RegionalEmulator
from .base import (
    CreatedResource,
    Creation,
    Inputs,
    Provisioner,
    call,
    provisions,
    register_creations,
    select_inputs,
    with_tag_specifications,
)

ALL_TRAFFIC = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
"""Default egress rule of a new security group."""

register_creations(
    "ec2",
    {
        "ec2.Subnet": Creation("create_subnet", "{Subnet[SubnetId]}", tag_resource_type="subnet"),
        "ec2.RouteTable": Creation("create_route_table", "{RouteTable[RouteTableId]}", tag_resource_type="route-table"),
        "ec2.Route": Creation("create_route", "r-{routeTableId}-{destinationCidrBlock}"),
        "ec2.RouteTableAssociation": Creation("associate_route_table", "{AssociationId}"),
        "ec2.Eip": Creation(
            "allocate_address", "{AllocationId}", {"publicIp": "{PublicIp}"}, tag_resource_type="elastic-ip"
        ),
        "ec2.NatGateway": Creation("create_nat_gateway", "{NatGateway[NatGatewayId]}", tag_resource_type="natgateway"),
        "ec2.FlowLog": Creation(
            "create_flow_logs",
            "{FlowLogIds[0]}",
            names="ResourceIds=vpcId DeliverLogsPermissionArn=iamRoleArn",
            inputs={"resourceType": "VPC"},
            tag_resource_type="vpc-flow-log",
        ),
    },
)


@provisions("ec2.Vpc")
def vpc(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    id_ = call(aws, "ec2", "create_vpc", with_tag_specifications("vpc", inputs))["Vpc"]["VpcId"]
    aws.client("ec2").modify_vpc_attribute(VpcId=id_, EnableDnsHostnames={"Value": inputs["enableDnsHostnames"]})
    return CreatedResource(id_, {"arn": f"arn:aws:ec2:{aws.region}:{ACCOUNT}:vpc/{id_}", "ownerId": ACCOUNT})


@provisions("ec2.InternetGateway")
def internet_gateway(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create an internet gateway and attach it to its VPC."""
    request = with_tag_specifications("internet-gateway", inputs)
    id_ = call(aws, "ec2", "create_internet_gateway", request)["InternetGateway"]["InternetGatewayId"]
    call(aws, "ec2", "attach_internet_gateway", {**inputs, "internetGatewayId": id_})
    return CreatedResource(id_, {})


@provisions("ec2.VpcEndpoint")
def vpc_endpoint(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a VPC endpoint. Only a gateway endpoint has a prefix list."""
    request = with_tag_specifications("vpc-endpoint", inputs)
    endpoint = call(aws, "ec2", "create_vpc_endpoint", request, "PolicyDocument=policy")["VpcEndpoint"]
    filters = [{"Name": "prefix-list-name", "Values": [inputs["serviceName"]]}]
    lists = aws.client("ec2").describe_prefix_lists(Filters=filters)["PrefixLists"]
    prefix_list = next((each["PrefixListId"] for each in lists), None)
    return CreatedResource(endpoint["VpcEndpointId"], {"prefixListId": prefix_list})


@provisions("ec2.SecurityGroup")
def security_group(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a security group without the egress rule that EC2 adds."""
    request = with_tag_specifications("security-group", inputs)
    id_ = call(aws, "ec2", "create_security_group", request, "GroupName=name")["GroupId"]
    aws.client("ec2").revoke_security_group_egress(GroupId=id_, IpPermissions=ALL_TRAFFIC)
    return CreatedResource(id_, {})


@provisions("ec2.DefaultSecurityGroup")
def default_security_group(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Remove the egress rules of the default security group of a VPC."""
    client = aws.client("ec2")
    filters = [{"Name": "vpc-id", "Values": [inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = client.describe_security_groups(Filters=filters)["SecurityGroups"]
    client.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    return CreatedResource(group["GroupId"], {})


def _rule(operation: str) -> Provisioner:
    def provision(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
        peers = {
            "ipRanges": {"cidrIp": inputs.get("cidrIpv4")},
            "prefixListIds": {"prefixListId": inputs.get("prefixListId")},
            "userIdGroupPairs": {"groupId": inputs.get("referencedSecurityGroupId")},
        }
        ports = select_inputs(inputs, "ipProtocol fromPort toPort")
        permission = {**ports, **{kind: peer for kind, peer in peers.items() if any(peer.values())}}
        group = inputs["securityGroupId"]
        call(aws, "ec2", operation, {"groupId": group, "ipPermissions": permission})
        return CreatedResource(f"{group}-{inputs['name']}", {})

    return provision


provisions("vpc.SecurityGroupIngressRule")(_rule("authorize_security_group_ingress"))
provisions("vpc.SecurityGroupEgressRule")(_rule("authorize_security_group_egress"))
