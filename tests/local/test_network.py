"""Functions in a VPC."""

from __future__ import annotations

import json
import urllib.request

from lib.local.emulator import Emulator

from .conftest import Run


def test_service_in_a_vpc_responds(run: Run, emulator: Emulator) -> None:
    outputs = run(
        """
        from lib.settings import NetworkSettings
        from lib.tap_stack import TapStack, TapStackArgs

        network = NetworkSettings(vpc="create", nat_gateways="one")
        for name, value in TapStack("tap", TapStackArgs(environment_suffix="vpc", network=network)).outputs.items():
            pulumi.export(name, value)
        """
    )
    client = emulator.client("lambda")
    vpc_config = client.get_function_configuration(FunctionName=outputs["lambda_function_name"])["VpcConfig"]
    assert set(vpc_config["SubnetIds"]) == set(outputs["private_subnet_ids"])
    assert vpc_config["SecurityGroupIds"] == outputs["function_security_group_ids"]
    ec2 = emulator.client("ec2")
    for group in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}])[
        "SecurityGroups"
    ]:
        assert "-1" not in {rule["IpProtocol"] for rule in group["IpPermissionsEgress"]}, group["GroupName"]
    endpoints = ec2.describe_vpc_endpoints(VpcEndpointIds=list(outputs["vpc_endpoint_ids"].values()))["VpcEndpoints"]
    assert {endpoint["ServiceName"].rpartition(".")[2] for endpoint in endpoints} == {"dynamodb", "s3"}
    request = urllib.request.Request(
        f"{emulator.api_url(outputs['api_rest_id'], outputs['api_stage'])}/items",
        data=json.dumps({"ItemId": "pen"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 201


def test_network_uses_the_zones_of_its_region(run: Run, emulator: Emulator) -> None:
    outputs = run(
        """
        from lib.components.network.network import Network, NetworkArgs
        from lib.documents.iam import allow

        statements = {"ssm": [allow("ssm", ["GetParameter"], ["arn:aws:ssm:us-west-2:000000000000:parameter/x"])]}
        west = pulumi.ResourceOptions(provider=aws.Provider("west", region="us-west-2"))
        network = Network("post", NetworkArgs(name="post", statements=statements), west)
        pulumi.export("vpc_id", network.vpc_id)
        pulumi.export("ids", network.endpoints.ids)
        """
    )
    ec2 = emulator.client("ec2", "us-west-2")
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}])["Subnets"]
    assert sorted(subnet["AvailabilityZone"] for subnet in subnets) == ["us-west-2a"] * 2 + ["us-west-2b"] * 2
    (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[outputs["ids"]["ssm"]])["VpcEndpoints"]
    assert endpoint["ServiceName"] == "com.amazonaws.us-west-2.ssm"
    assert len(endpoint["SubnetIds"]) == 2
