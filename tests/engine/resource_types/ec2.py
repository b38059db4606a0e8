"""Amazon Elastic Compute Cloud and Amazon Virtual Private Cloud."""

from ..resource_type import ResourceType

# The address of every Elastic IP address.
_PUBLIC_IP = "203.0.113.10"

TYPES: dict[str, ResourceType] = {
    # Read in version 5.  A creation adopts the group that AWS created with the VPC, and revokes its rules.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ResourceType(
        source="internal/service/ec2/vpc_default_security_group.go",
        # The VPC's `defaultSecurityGroupId`.
        id="sg-default-{vpcId}",
        identity="{vpcId}",
        upsert=True,
        force_new=frozenset({"vpcId"}),
        defaults={"egress": [], "ingress": [], "revokeRulesOnDelete": False},
        computed={
            "arn": "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
            "description": "default VPC security group",
            "name": "default",
            "namePrefix": "",
            "ownerId": "{account}",
        },
        deletable=False,
    ),
    # Read in version 5; `ipamPoolId` is from the documentation.
    "aws:ec2/eip:Eip": ResourceType(
        source="internal/service/ec2/ec2_eip.go",
        id="eipalloc-0000000{unique}",
        force_new=frozenset({"address", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"}),
        defaults={"domain": "vpc", "networkBorderGroup": "{region}", "publicIpv4Pool": "amazon"},
        computed={
            "allocationId": "{id}",
            "arn": "arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}",
            "associationId": "",
            "carrierIp": "",
            "customerOwnedIp": "",
            "privateDns": "",
            "privateIp": "",
            "ptrRecord": "",
            "publicDns": "ec2-203-0-113-10.{region}.compute.amazonaws.com",
            "publicIp": _PUBLIC_IP,
        },
    ),
    # Read in version 5; `regionalNatGatewayId` and `tagFieldSpecifications` are from the documentation of AWS: nothing
    # but the tags of a flow log can be changed.  The default `logFormat` is left out.
    "aws:ec2/flowLog:FlowLog": ResourceType(
        source="internal/service/ec2/vpc_flow_log.go",
        id="fl-0000000{unique}",
        force_new=frozenset(
            {
                "deliverCrossAccountRole",
                "destinationOptions",
                "eniId",
                "iamRoleArn",
                "logDestination",
                "logDestinationType",
                "logFormat",
                "maxAggregationInterval",
                "regionalNatGatewayId",
                "subnetId",
                "tagFieldSpecifications",
                "trafficType",
                "transitGatewayAttachmentId",
                "transitGatewayId",
                "vpcId",
            }
        ),
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        computed={"arn": "arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}"},
    ),
    # Read in version 5.  AWS rejects the detachment while the VPC has mapped public addresses, e.g. of a NAT gateway,
    # which refers to a subnet and not to the internet gateway.
    "aws:ec2/internetGateway:InternetGateway": ResourceType(
        source="internal/service/ec2/vpc_internet_gateway.go",
        id="igw-0000000{unique}",
        computed={
            "arn": "arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}",
            "ownerId": "{account}",
        },
        references={"vpcId": "aws:ec2/vpc:Vpc"},
    ),
    # A regional gateway is replaced as well if it changes between automatic and manual addresses.
    "aws:ec2/natGateway:NatGateway": ResourceType(
        source="internal/service/ec2/vpc_nat_gateway.go",
        id="nat-0000000{unique}",
        force_new=frozenset(
            {
                "allocationId",
                "availabilityMode",
                "connectivityType",
                "privateIp",
                # Only of a private gateway.
                "secondaryPrivateIpAddressCount",
                "subnetId",
                "vpcId",
            }
        ),
        defaults={
            "availabilityMode": "zonal",
            "connectivityType": "public",
            "privateIp": "10.0.0.10",
            "regionalNatGatewayAddresses": [],
            "secondaryPrivateIpAddressCount": 0,
        },
        computed={
            "associationId": "eipassoc-0000000{unique}",
            "autoProvisionZones": "",
            "autoScalingIps": "",
            "networkInterfaceId": "eni-0000000{unique}",
            "publicIp": _PUBLIC_IP,
            "regionalNatGatewayAutoMode": "",
            "routeTableId": "",
        },
        references={"allocationId": "aws:ec2/eip:Eip", "subnetId": "aws:ec2/subnet:Subnet"},
    ),
    # Read in version 5.
    "aws:ec2/route:Route": ResourceType(
        source="internal/service/ec2/vpc_route.go",
        # A hash of the destination comes after the id of the table.
        id="r-{routeTableId}{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
        identity="{routeTableId}_{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
        force_new=frozenset(
            {"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId", "routeTableId"}
        ),
        computed={"instanceId": "", "instanceOwnerId": "", "origin": "CreateRoute", "state": "active"},
    ),
    # Read in version 5.
    "aws:ec2/routeTable:RouteTable": ResourceType(
        source="internal/service/ec2/vpc_route_table.go",
        id="rtb-0000000{unique}",
        force_new=frozenset({"vpcId"}),
        defaults={"propagatingVgws": [], "routes": []},
        computed={"arn": "arn:{partition}:ec2:{region}:{account}:route-table/{id}", "ownerId": "{account}"},
        references={"vpcId": "aws:ec2/vpc:Vpc"},
    ),
    # Read in version 5.  The provider removes the associations of a route table before it deletes the table.
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ResourceType(
        source="internal/service/ec2/vpc_route_table_association.go",
        id="rtbassoc-0000000{unique}",
        identity="{subnetId}{gatewayId}",
        force_new=frozenset({"gatewayId", "subnetId"}),
    ),
    # Read in version 5.
    "aws:ec2/securityGroup:SecurityGroup": ResourceType(
        source="internal/service/ec2/vpc_security_group.go",
        id="sg-0000000{unique}",
        identity="{vpcId}/{name}",
        force_new=frozenset({"description", "name", "namePrefix", "vpcId"}),
        auto_name="name",
        name_prefix="namePrefix",
        # The provider revokes the rule of AWS that allows all outgoing traffic.
        defaults={"description": "Managed by Pulumi", "egress": [], "ingress": [], "revokeRulesOnDelete": False},
        computed={"arn": "arn:{partition}:ec2:{region}:{account}:security-group/{id}", "ownerId": "{account}"},
        references={
            "egress.securityGroups": "aws:ec2/securityGroup:SecurityGroup",
            "ingress.securityGroups": "aws:ec2/securityGroup:SecurityGroup",
            "vpcId": "aws:ec2/vpc:Vpc",
        },
    ),
    # `ipv6CidrBlock` replaces a subnet that assigned IPv6 addresses on creation.
    "aws:ec2/subnet:Subnet": ResourceType(
        source="internal/service/ec2/vpc_subnet.go",
        id="subnet-0000000{unique}",
        # AWS rejects every overlap of blocks.
        identity="{vpcId}/{cidrBlock}{ipv6CidrBlock}",
        force_new=frozenset(
            {
                "availabilityZone",
                "availabilityZoneId",
                "cidrBlock",
                "ipv4IpamPoolId",
                "ipv4NetmaskLength",
                "ipv6IpamPoolId",
                "ipv6Native",
                "ipv6NetmaskLength",
                "outpostArn",
                "vpcId",
            }
        ),
        defaults={
            "assignIpv6AddressOnCreation": False,
            "availabilityZone": "{region}a",
            "availabilityZoneId": "{region}-az1",
            "enableDns64": False,
            "enableResourceNameDnsARecordOnLaunch": False,
            "enableResourceNameDnsAaaaRecordOnLaunch": False,
            "ipv6Native": False,
            "mapPublicIpOnLaunch": False,
            "privateDnsHostnameTypeOnLaunch": "ip-name",
        },
        computed={
            "arn": "arn:{partition}:ec2:{region}:{account}:subnet/{id}",
            "ipv6CidrBlockAssociationId": "",
            "ownerId": "{account}",
        },
        references={"vpcId": "aws:ec2/vpc:Vpc"},
    ),
    # Read in version 5.
    "aws:ec2/vpc:Vpc": ResourceType(
        source="internal/service/ec2/vpc_.go",
        id="vpc-0000000{unique}",
        # A tenancy that changes from dedicated to default is updated in place.
        force_new=frozenset({"cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"}),
        defaults={
            "assignGeneratedIpv6CidrBlock": False,
            "enableDnsHostnames": False,
            "enableDnsSupport": True,
            "enableNetworkAddressUsageMetrics": False,
            "instanceTenancy": "default",
        },
        computed={
            "arn": "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
            "defaultNetworkAclId": "acl-0000000{unique}",
            "defaultRouteTableId": "rtb-default-{id}",
            # The id of its `DefaultSecurityGroup`.
            "defaultSecurityGroupId": "sg-default-{id}",
            "dhcpOptionsId": "dopt-0000000{unique}",
            "ipv6AssociationId": "",
            "mainRouteTableId": "rtb-default-{id}",
            "ownerId": "{account}",
        },
    ),
    # Read in version 5; `resourceConfigurationArn`, `serviceNetworkArn` and `serviceRegion` are from the documentation,
    # by which a changed `privateDnsEnabled` replaces an endpoint of another type than `Interface`.
    "aws:ec2/vpcEndpoint:VpcEndpoint": ResourceType(
        source="internal/service/ec2/vpc_endpoint.go",
        id="vpce-0000000{unique}",
        force_new=frozenset(
            {
                "resourceConfigurationArn",
                "serviceName",
                "serviceNetworkArn",
                "serviceRegion",
                "vpcEndpointType",
                "vpcId",
            }
        ),
        defaults={
            "cidrBlocks": [],
            # Only an interface endpoint has entries and network interfaces.
            "dnsEntries": [
                {"dnsName": "{id}-00000000.{region}.vpce.amazonaws.com", "hostedZoneId": "Z7HUB22UULQXV"},
            ],
            "ipAddressType": "ipv4",
            "networkInterfaceIds": ["eni-{id}"],
            "privateDnsEnabled": False,
            "requesterManaged": False,
            "vpcEndpointType": "Gateway",
        },
        computed={
            "arn": "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}",
            "ownerId": "{account}",
            # Only a gateway endpoint has one.
            "prefixListId": "pl-{serviceName}",
            "state": "available",
        },
        references={
            "securityGroupIds": "aws:ec2/securityGroup:SecurityGroup",
            "subnetIds": "aws:ec2/subnet:Subnet",
            "vpcId": "aws:ec2/vpc:Vpc",
        },
    ),
}

for _direction in ("Egress", "Ingress"):
    # Read in version 5.  A rule is replaced as well if it changes between the four kinds of sources; another value of
    # the same kind is updated in place.
    TYPES[f"aws:vpc/securityGroup{_direction}Rule:SecurityGroup{_direction}Rule"] = ResourceType(
        source=f"internal/service/ec2/vpc_security_group_{_direction.lower()}_rule.go",
        id="sgr-0000000{unique}",
        identity=(
            "{securityGroupId}/{ipProtocol}/{fromPort}/{toPort}/"
            "{cidrIpv4}{cidrIpv6}{prefixListId}{referencedSecurityGroupId}"
        ),
        force_new=frozenset({"securityGroupId"}),
        computed={
            "arn": "arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
            "securityGroupRuleId": "{id}",
        },
        references={"referencedSecurityGroupId": "aws:ec2/securityGroup:SecurityGroup"},
    )
