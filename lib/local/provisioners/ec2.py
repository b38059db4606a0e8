"""Networks: the emulator keeps what they are made of, and lets everything through."""

from __future__ import annotations

from typing import Any

from ..emulator import ACCOUNT, Place
from .base import Inputs, Made, Provisioner, Row, chosen, provisions, rows, tag_specifications

EVERYTHING = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
"""Where a group lets out before somebody says otherwise."""

rows(
    "ec2",
    {
        "aws:ec2/subnet:Subnet": Row(
            "create_subnet",
            "VpcId=vpcId CidrBlock=cidrBlock AvailabilityZone=availabilityZone",
            "{Subnet[SubnetId]}",
            tagged="subnet",
        ),
        "aws:ec2/routeTable:RouteTable": Row(
            "create_route_table", "VpcId=vpcId", "{RouteTable[RouteTableId]}", tagged="route-table"
        ),
        "aws:ec2/route:Route": Row(
            "create_route",
            "RouteTableId=routeTableId DestinationCidrBlock=destinationCidrBlock GatewayId=gatewayId "
            "NatGatewayId=natGatewayId",
            "r-{routeTableId}-{destinationCidrBlock}",
        ),
        "aws:ec2/routeTableAssociation:RouteTableAssociation": Row(
            "associate_route_table", "SubnetId=subnetId RouteTableId=routeTableId", "{AssociationId}"
        ),
        "aws:ec2/eip:Eip": Row(
            "allocate_address",
            "Domain=domain",
            "{AllocationId}",
            "publicIp=PublicIp",
            tagged="elastic-ip",
        ),
        "aws:ec2/natGateway:NatGateway": Row(
            "create_nat_gateway",
            "AllocationId=allocationId SubnetId=subnetId",
            "{NatGateway[NatGatewayId]}",
            tagged="natgateway",
        ),
    },
)


@provisions("aws:ec2/vpc:Vpc")
def vpc(place: Place, inputs: Inputs) -> Made:
    """A VPC."""
    client = place.client("ec2")
    id_ = client.create_vpc(CidrBlock=inputs["cidrBlock"], **tag_specifications("vpc", inputs))["Vpc"]["VpcId"]
    client.modify_vpc_attribute(VpcId=id_, EnableDnsHostnames={"Value": inputs["enableDnsHostnames"]})
    arn = f"arn:aws:ec2:{place.region}:{ACCOUNT}:vpc/{id_}"
    return Made(id_, {"arn": arn, "ownerId": ACCOUNT})


@provisions("aws:ec2/internetGateway:InternetGateway")
def internet_gateway(place: Place, inputs: Inputs) -> Made:
    """An internet gateway of a VPC."""
    client = place.client("ec2")
    made = client.create_internet_gateway(**tag_specifications("internet-gateway", inputs))["InternetGateway"]
    client.attach_internet_gateway(InternetGatewayId=made["InternetGatewayId"], VpcId=inputs["vpcId"])
    return Made(made["InternetGatewayId"], {})


@provisions("aws:ec2/vpcEndpoint:VpcEndpoint")
def vpc_endpoint(place: Place, inputs: Inputs) -> Made:
    """An endpoint; where it is a route, there is a list of the addresses it leads to."""
    client = place.client("ec2")
    request = chosen(
        inputs,
        VpcId="vpcId",
        ServiceName="serviceName",
        VpcEndpointType="vpcEndpointType",
        PolicyDocument="policy",
        RouteTableIds="routeTableIds",
        SubnetIds="subnetIds",
        SecurityGroupIds="securityGroupIds",
        PrivateDnsEnabled="privateDnsEnabled",
    )
    made = client.create_vpc_endpoint(**request, **tag_specifications("vpc-endpoint", inputs))["VpcEndpoint"]
    named = [{"Name": "prefix-list-name", "Values": [inputs["serviceName"]]}]
    lists = client.describe_prefix_lists(Filters=named)["PrefixLists"]
    return Made(made["VpcEndpointId"], {"prefixListId": next((one["PrefixListId"] for one in lists), None)})


@provisions("aws:ec2/securityGroup:SecurityGroup")
def security_group(place: Place, inputs: Inputs) -> Made:
    """A security group without the rule that EC2 makes with every one."""
    client = place.client("ec2")
    made = client.create_security_group(
        **chosen(inputs, GroupName="name", Description="description", VpcId="vpcId"),
        **tag_specifications("security-group", inputs),
    )
    client.revoke_security_group_egress(GroupId=made["GroupId"], IpPermissions=EVERYTHING)
    return Made(made["GroupId"], {})


@provisions("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
def default_security_group(place: Place, inputs: Inputs) -> Made:
    """The group that EC2 makes with a VPC, emptied."""
    client = place.client("ec2")
    wanted = [{"Name": "vpc-id", "Values": [inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = client.describe_security_groups(Filters=wanted)["SecurityGroups"]
    client.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    return Made(group["GroupId"], {})


def _rule(operation: str) -> Provisioner:
    def make(place: Place, inputs: Inputs) -> Made:
        peers: dict[str, list[dict[str, Any]]] = {
            "IpRanges": [chosen(inputs, CidrIp="cidrIpv4")],
            "PrefixListIds": [chosen(inputs, PrefixListId="prefixListId")],
            "UserIdGroupPairs": [chosen(inputs, GroupId="referencedSecurityGroupId")],
        }
        said = {kind: those for kind, those in peers.items() if any(those)}
        ports = chosen(inputs, IpProtocol="ipProtocol", FromPort="fromPort", ToPort="toPort")
        group = inputs["securityGroupId"]
        getattr(place.client("ec2"), operation)(GroupId=group, IpPermissions=[{**ports, **said}])
        return Made(f"{group}-{inputs['name']}", {})

    return make


provisions("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")(_rule("authorize_security_group_ingress"))
provisions("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")(_rule("authorize_security_group_egress"))


@provisions("aws:ec2/flowLog:FlowLog")
def flow_log(place: Place, inputs: Inputs) -> Made:
    """A flow log, in which nothing is ever written."""
    made = place.client("ec2").create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[inputs["vpcId"]],
        **chosen(
            inputs,
            TrafficType="trafficType",
            LogDestination="logDestination",
            DeliverLogsPermissionArn="iamRoleArn",
        ),
        **tag_specifications("vpc-flow-log", inputs),
    )
    return Made(made["FlowLogIds"][0], {})
