"""Functions, their layers, and what calls them."""

from __future__ import annotations

from ..emulator import Place
from .archives import archive_bytes
from .base import Inputs, Made, Row, chosen, provisions, rows


@provisions("aws:lambda/function:Function")
def function(place: Place, inputs: Inputs) -> Made:
    """A function and its first version."""
    client = place.client("lambda")
    request = chosen(
        inputs,
        FunctionName="name",
        Role="role",
        Runtime="runtime",
        Handler="handler",
        MemorySize="memorySize",
        Timeout="timeout",
        Publish="publish",
        Tags="tags",
        Layers="layers",
        KMSKeyArn="kmsKeyArn",
    )
    if inputs.get("environment"):
        request["Environment"] = {"Variables": inputs["environment"]["variables"]}
    if inputs.get("tracingConfig"):
        request["TracingConfig"] = {"Mode": inputs["tracingConfig"]["mode"]}
    if inputs.get("snapStart"):
        request["SnapStart"] = {"ApplyOn": inputs["snapStart"]["applyOn"]}
    if inputs.get("deadLetterConfig"):
        request["DeadLetterConfig"] = {"TargetArn": inputs["deadLetterConfig"]["targetArn"]}
    if where := inputs.get("vpcConfig"):
        request["VpcConfig"] = {"SubnetIds": where["subnetIds"], "SecurityGroupIds": where["securityGroupIds"]}
    made = client.create_function(**request, Code={"ZipFile": archive_bytes(inputs["code"])})
    reserved = inputs.get("reservedConcurrentExecutions", -1)
    if reserved >= 0:
        client.put_function_concurrency(FunctionName=inputs["name"], ReservedConcurrentExecutions=reserved)
    arn = made["FunctionArn"].removesuffix(f":{made['Version']}")
    return Made(
        inputs["name"],
        {
            "arn": arn,
            "version": made["Version"],
            "qualifiedArn": f"{arn}:{made['Version']}",
            "invokeArn": _invoke_arn(place, arn),
        },
    )


def _invoke_arn(place: Place, arn: str) -> str:
    return f"arn:aws:apigateway:{place.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


@provisions("aws:lambda/alias:Alias")
def alias(place: Place, inputs: Inputs) -> Made:
    """A name of one version."""
    made = place.client("lambda").create_alias(
        **chosen(inputs, Name="name", FunctionName="functionName", FunctionVersion="functionVersion")
    )
    arn = made["AliasArn"]
    return Made(arn, {"arn": arn, "invokeArn": _invoke_arn(place, arn)})


rows(
    "lambda",
    {
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": Row(
            "put_provisioned_concurrency_config",
            "FunctionName=functionName Qualifier=qualifier "
            "ProvisionedConcurrentExecutions=provisionedConcurrentExecutions",
            "{functionName},{qualifier}",
        ),
    },
)


@provisions("aws:lambda/layerVersion:LayerVersion")
def layer_version(place: Place, inputs: Inputs) -> Made:
    """A version of a layer."""
    made = place.client("lambda").publish_layer_version(
        **chosen(inputs, LayerName="layerName", Description="description", CompatibleRuntimes="compatibleRuntimes"),
        Content={"ZipFile": archive_bytes(inputs["code"])},
    )
    arn = made["LayerVersionArn"]
    return Made(arn, {"arn": arn, "layerArn": made["LayerArn"], "version": str(made["Version"])})


@provisions("aws:lambda/eventSourceMapping:EventSourceMapping")
def event_source_mapping(place: Place, inputs: Inputs) -> Made:
    """A stream that calls a function; the emulator retries without end and tells no queue."""
    filters = [{"Pattern": one["pattern"]} for one in (inputs.get("filterCriteria") or {}).get("filters") or ()]
    failed = (inputs.get("destinationConfig") or {}).get("onFailure")
    request = chosen(
        inputs,
        EventSourceArn="eventSourceArn",
        FunctionName="functionName",
        StartingPosition="startingPosition",
        BatchSize="batchSize",
        MaximumBatchingWindowInSeconds="maximumBatchingWindowInSeconds",
        BisectBatchOnFunctionError="bisectBatchOnFunctionError",
        MaximumRetryAttempts="maximumRetryAttempts",
        Tags="tags",
    )
    made = place.client("lambda").create_event_source_mapping(
        **request,
        **({"FilterCriteria": {"Filters": filters}} if filters else {}),
        **({"DestinationConfig": {"OnFailure": {"Destination": failed["destinationArn"]}}} if failed else {}),
    )
    return Made(made["UUID"], {"arn": made.get("EventSourceMappingArn", ""), "uuid": made["UUID"]})


@provisions("aws:lambda/permission:Permission")
def permission(place: Place, inputs: Inputs) -> Made:
    """Who may call a function."""
    unnamed = f"allow-{inputs['principal'].split('.')[0]}-{abs(hash(inputs['sourceArn']))}"
    statement = inputs.get("statementId") or unnamed
    place.client("lambda").add_permission(
        **chosen(
            inputs,
            FunctionName="function",
            Qualifier="qualifier",
            Action="action",
            Principal="principal",
            SourceArn="sourceArn",
        ),
        StatementId=statement,
    )
    return Made(statement, {"statementId": statement})
