"""Notes on each config key: an example, the cost, how to verify it, and the effect of later changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Note(NamedTuple):
    """Notes on a config key."""

    example: str
    """Value in the example."""
    cost: str
    verify: str
    later: str
    """Effect of a later change on data and resources."""


FREE = "None."
PRICES = "[prices](../prices.md)"
IN_PLACE = "Updated in place. No data is affected."
NEW_VERSION = "Updated in place; the deployment publishes a new version of each function. No data is affected."
THRESHOLD = "Updated in place. CloudWatch evaluates later periods with the new value."
ALARM_COST = f"None; each alarm costs `cloudwatch.alarm` for each metric in it ({PRICES})."
SEE_ALARM = "`aws cloudwatch describe-alarms --alarm-names NAME`, with a name from the output `alarm_names`."
NEW_ITEMS = "Applies from the next deployment. Stored data is not affected."
CONFIGURATION = (
    "`aws lambda get-function-configuration --function-name NAME`, with a name from the output `function_names`"
)
TABLE = "`aws dynamodb describe-table --table-name NAME`, with a name from the output `table_names`"
STAGE = "`aws apigateway get-stage --rest-api-id ID --stage-name STAGE`, with the outputs `api_rest_id` and `api_stage`"

NOTES: Mapping[str, Note] = {
    # The stack itself.
    "service": Note(
        "service stock",
        "The sum of the resources of the service; `make cost` calculates it.",
        "The output `service`.",
        "Rejected for a deployed stack, because it would replace the tables. Deploy another stack instead.",
    ),
    "environment": Note(
        "environment prod",
        "The cost of the environment profile: [Monthly costs](../costs.md).",
        "The outputs `environment` and `environment_profile`.",
        "Rejected for a deployed stack, because it would replace the tables. Deploy another stack instead.",
    ),
    "environment_profile": Note(
        "environment_profile prod",
        "The cost of the environment profile: [Monthly costs](../costs.md).",
        "The output `environment_profile`.",
        "Changes every setting that the two profiles do not share; the following pages describe the effect of each.",
    ),
    "split_functions": Note(
        "split_functions true",
        "None for functions; the alarms of each function have a price.",
        "The output `function_names` has a name for each operation.",
        "Creates the new functions and deletes the previous ones with their log groups. Tables are not affected.",
    ),
    "adopt_retained": Note(
        "adopt_retained true",
        FREE,
        "`make preview` lists the resources that it would import.",
        "Remove it after the deployment. See the [runbook](../../runbook.md#adopt-retained-resources).",
    ),
    "tags": Note(
        "--path tags.Owner web-team",
        FREE,
        "`aws resourcegroupstaggingapi get-resources --tag-filters Key=Owner,Values=web-team`",
        IN_PLACE,
    ),
    "secrets": Note(
        "--secret --path secrets.carrier-token VALUE",
        "`secrets.secret` and `secrets.calls` for secrets in Secrets Manager; SecureString parameters are free "
        f"({PRICES}).",
        "`aws ssm get-parameter-history --name NAME`, with a name from the output `secret_names`.",
        "Writes the new value. Functions read it within five minutes. See [secrets](../../production/secrets.md).",
    ),
    # function
    "lambda_runtime": Note("python3.13", FREE, f"{CONFIGURATION}: `Runtime`.", NEW_VERSION),
    "lambda_memory_size": Note(
        "512",
        "Lambda bills the duration in proportion to the memory; more memory shortens the duration of the code, but not "
        "the time that it waits for DynamoDB. See [scaling](../../production/scaling.md).",
        f"{CONFIGURATION}: `MemorySize`.",
        NEW_VERSION,
    ),
    "lambda_architecture": Note(
        "arm64",
        f"`lambda.arm` and `lambda.provisioned-arm` instead of `lambda.x86` and `lambda.provisioned-x86` ({PRICES}).",
        f"{CONFIGURATION}: `Architectures`.",
        f"{NEW_VERSION} Packages are installed again, for the other architecture.",
    ),
    "lambda_ephemeral_storage_mb": Note(
        "2048",
        f"`lambda.storage` for each GB-second above 512 MB ({PRICES}).",
        f"{CONFIGURATION}: `EphemeralStorage`.",
        f"{NEW_VERSION} Cannot be more than 512 with `lambda_snap_start`.",
    ),
    "lambda_timeout_seconds": Note(
        "15", FREE, f"{CONFIGURATION}: `Timeout`.", f"{NEW_VERSION} The default of `duration_alarm_ms` follows."
    ),
    "lambda_reserved_concurrency": Note(
        "100",
        FREE,
        "`aws lambda get-function-concurrency --function-name NAME`, with a name from the output `function_names`.",
        "Updated in place. Invocations above the new limit are throttled immediately.",
    ),
    "lambda_provisioned_concurrency": Note(
        "5",
        f"`lambda.provisioned-x86` for each GB-second, also without requests ({PRICES}).",
        "`aws lambda get-provisioned-concurrency-config --function-name NAME --qualifier live`: `Status` is `READY`.",
        "Adds or changes the provisioned concurrency of the alias. The first value above 0 creates the alias if "
        "`rollout` is `none`, and the API calls it from then on.",
    ),
    "lambda_snap_start": Note(
        "true",
        f"`lambda.snapstart-cache` for each published version and `lambda.snapstart-restore` ({PRICES}).",
        f"{CONFIGURATION}: `SnapStart`. Cold starts log `Restore Duration` instead of `Init Duration`.",
        f"{NEW_VERSION} Cannot be combined with `lambda_provisioned_concurrency`.",
    ),
    "tracing": Note(
        "true",
        f"`xray.traces` for one request a second and 5 % of the others ({PRICES}).",
        "The X-Ray trace map in the CloudWatch console shows the API and its functions.",
        NEW_VERSION,
    ),
    "log_retention_days": Note(
        "90",
        f"`logs.storage` for each GB-month ({PRICES}).",
        "`aws logs describe-log-groups --log-group-name-prefix /aws/lambda/`: `retentionInDays`.",
        "Updated in place. A shorter period deletes older log events.",
    ),
    # table
    "dynamodb_billing_mode": Note(
        "PAY_PER_REQUEST",
        "`PAY_PER_REQUEST`: `dynamodb.reads` and `dynamodb.writes`; `PROVISIONED`: `dynamodb.read-capacity` and "
        f"`dynamodb.write-capacity` for each hour ({PRICES}).",
        f"{TABLE}: `BillingModeSummary`.",
        "Updated in place, without downtime or loss of data. DynamoDB limits how often a table can change its mode "
        "in 24 hours. A table that becomes provisioned starts with the configured capacity.",
    ),
    "dynamodb_read_capacity": Note(
        "20",
        f"`dynamodb.read-capacity` for each unit and hour, for the table and each index ({PRICES}).",
        "`aws application-autoscaling describe-scalable-targets --service-namespace dynamodb`: `MinCapacity`.",
        "Changes the minimum of auto scaling in place. Without effect for on-demand tables.",
    ),
    "dynamodb_write_capacity": Note(
        "20",
        f"`dynamodb.write-capacity` for each unit and hour, for the table and each index ({PRICES}).",
        "`aws application-autoscaling describe-scalable-targets --service-namespace dynamodb`: `MinCapacity`.",
        "Changes the minimum of auto scaling in place. Without effect for on-demand tables.",
    ),
    "dynamodb_max_read_capacity": Note(
        "400",
        "None until auto scaling uses it.",
        "`aws application-autoscaling describe-scalable-targets --service-namespace dynamodb`: `MaxCapacity`.",
        "Changes the maximum of auto scaling in place. Without effect for on-demand tables.",
    ),
    "dynamodb_max_write_capacity": Note(
        "400",
        "None until auto scaling uses it.",
        "`aws application-autoscaling describe-scalable-targets --service-namespace dynamodb`: `MaxCapacity`.",
        "Changes the maximum of auto scaling in place. Without effect for on-demand tables.",
    ),
    "point_in_time_recovery": Note(
        "true",
        f"`dynamodb.pitr` for each GB-month of the tables ({PRICES}).",
        "`aws dynamodb describe-continuous-backups --table-name NAME`, with a name from the output `table_names`.",
        "Updated in place. Disabling it deletes the recovery window; enabling it again starts a new one.",
    ),
    "deletion_protection": Note(
        "true",
        FREE,
        f"{TABLE}: `DeletionProtectionEnabled`.",
        "Updated in place, for tables, their replicas and a created user pool. To delete a protected table, deploy "
        "with `false` first.",
    ),
    "retain_on_delete": Note(
        "true",
        "None during the life of the stack; retained resources cost the same after `make destroy`.",
        "After `make destroy`, the resources still exist in the account.",
        "Changes only the Pulumi state. Deploy it before `make destroy`. It also applies to replicas, a created user "
        "pool, KMS keys, backup vaults, site buckets and generated secrets.",
    ),
    "replica_regions": Note(
        "us-west-2",
        f"Each write and the storage again for each region, and `transfer.regions` ({PRICES}).",
        f"{TABLE} and `--query Table.Replicas`: each is `ACTIVE`.",
        "Adding a region creates replicas, which DynamoDB fills. Removing one deletes its replicas, unless "
        "`retain_on_delete` is true. The table itself is never replaced. See "
        "[recovery](../../production/recovery.md).",
    ),
    "table_existing": Note(
        "true",
        FREE,
        "`make preview` shows that the tables are read and not created.",
        "Rejected while the tables are part of the stack, unless they are retained: Pulumi would delete them. "
        "`make failover` sets it for a standby.",
    ),
    # api
    "api_stage_name": Note(
        "v1",
        FREE,
        "The output `api_url` ends with the name of the stage.",
        "Replaces the stage, so the URL of the API changes. Metrics of the new stage start empty. No data is affected.",
    ),
    "cors_origin": Note(
        "https://shop.example.com",
        "None for one origin. With several, a Lambda function responds to preflight requests.",
        "`curl -i -X OPTIONS URL -H 'Origin: https://shop.example.com' -H 'Access-Control-Request-Method: GET'`",
        "Creates a new deployment of the API. Browsers cache preflight responses for up to two hours.",
    ),
    "cors_credentials": Note(
        "true",
        FREE,
        "The `curl` command of `cors_origin` prints `Access-Control-Allow-Credentials: true` for an allowed origin.",
        "Updates the functions, the preflight responses and, with a single origin, the error responses of API Gateway. "
        "With several origins, pages cannot read these error responses of requests with cookies. See "
        "[authorizers](../../guides/authorizers.md#cookies).",
    ),
    "throttle_rate_per_second": Note(
        "200",
        FREE,
        f"{STAGE}: `methodSettings`. Requests above the rate return 429.",
        IN_PLACE,
    ),
    "throttle_burst": Note("100", FREE, f"{STAGE}: `methodSettings`.", IN_PLACE),
    "quota_per_month": Note(
        "5000000",
        FREE,
        "`aws apigateway get-usage-plans`: `quota`. Requests above it return 429. It applies to requests with an API "
        "key.",
        IN_PLACE,
    ),
    "access_log": Note(
        "true",
        f"`logs.ingestion` and `logs.storage` for a line per request ({PRICES}).",
        "The log group in the output `access_log_group_name` has a line for each request.",
        "Creates or deletes the log group with its events. Requires a role for API Gateway: see `api_log_role`.",
    ),
    "execution_log_level": Note(
        "ERROR",
        f"`logs.ingestion` and `logs.storage`: `INFO` writes several lines per request ({PRICES}).",
        "The log group in the output `execution_log_group_name`.",
        "Updated in place; the first value other than `OFF` creates the log group. Requires a role for API Gateway: "
        "see `api_log_role`.",
    ),
    "execution_log_bodies": Note(
        "false",
        f"`logs.ingestion` and `logs.storage`, about seven times those of `INFO` without bodies ({PRICES}).",
        f"{STAGE}: `dataTraceEnabled` in `methodSettings`.",
        "Updated in place. Bodies that are already logged stay until the log expires; they can contain personal data.",
    ),
    "api_metrics": Note(
        "true",
        f"`cloudwatch.metric` for five metrics of each route ({PRICES}).",
        "`aws cloudwatch list-metrics --namespace AWS/ApiGateway`: metrics with the dimensions `Method` and "
        "`Resource`.",
        IN_PLACE,
    ),
    "api_log_role": Note(
        "create",
        FREE,
        "`aws apigateway get-account`: `cloudwatchRoleArn`.",
        "Changes a setting of the account and region that all APIs share. `make destroy` retains the role and "
        "the setting.",
    ),
    "health_route": Note(
        "true",
        f"`api.requests` for each check ({PRICES}). No function is invoked.",
        '`curl URL/health` returns `{"status":"ok",...}`.',
        "Creates a new deployment of the API.",
    ),
    "domain_name": Note(
        "api.example.com",
        f"None for the domain name and its certificate; `route53.zone` for a hosted zone ({PRICES}).",
        "`curl https://api.example.com/...`, with the output `domain_url`.",
        "Replaces the domain name in API Gateway and its DNS records: clients of the old name fail.",
    ),
    "certificate_arn": Note(
        "arn:aws:acm:us-east-1:123456789012:certificate/0f6a2c1e-3b7d-4d55-9b1a-5a8a1f0c2d3e",
        "None for public certificates.",
        "`aws apigateway get-domain-name --domain-name api.example.com`: `regionalCertificateArn`.",
        "Updated in place.",
    ),
    "zone_id": Note(
        "Z0123456789ABC",
        f"`route53.zone` ({PRICES}); alias queries are free.",
        "`dig api.example.com` resolves to the output `domain_target`.",
        "Moves the records to the new zone. Without a zone, the records are deleted: create them elsewhere first.",
    ),
    "base_path": Note(
        "v1",
        FREE,
        "The output `domain_url` ends with the path.",
        "Changes the mapping in place, so every URL under the domain changes.",
    ),
    "disable_execute_api_endpoint": Note(
        "true",
        FREE,
        "Requests to the `execute-api` endpoint return 403.",
        "Takes effect with the deployment. Every client must use the domain first.",
    ),
    # authorization
    "authorization": Note(
        "API_KEY",
        f"None, except for `COGNITO_USER_POOLS`: `cognito.users` and `cognito.tokens` ({PRICES}).",
        "A request without credentials returns 401 or 403. The output `authorization`.",
        "Creates a new deployment of the API, after which earlier credentials are rejected. Another value than "
        "`COGNITO_USER_POOLS` deletes a created user pool with its users, unless `retain_on_delete` is true.",
    ),
    "user_pool": Note(
        "create",
        f"`cognito.users` and `cognito.tokens` ({PRICES}).",
        "The outputs `user_pool_id` and `sign_in_url`.",
        "Users sign in again. Changing from a created to an existing pool deletes the created one with its users, "
        "unless `retain_on_delete` is true.",
    ),
    "user_pool_group": Note(
        "shop-staff",
        FREE,
        "`aws cognito-idp list-users-in-group --user-pool-id ID --group-name NAME`",
        "Members of the earlier group lose access when their tokens expire. The earlier group is deleted if the stack "
        "created it.",
    ),
    "user_pool_mfa": Note(
        "ON",
        FREE,
        "`aws cognito-idp get-user-pool-mfa-config --user-pool-id ID`",
        "Updated in place. With `ON`, users without an authenticator app register one at their next sign-in.",
    ),
    "callback_urls": Note(
        "https://shop.example.com/account",
        FREE,
        "`aws cognito-idp describe-user-pool-client`: `CallbackURLs`.",
        "Updated in place. Without any URL and without a site, the app client for web pages is deleted.",
    ),
    # firewall
    "firewall_enabled": Note(
        "true",
        f"`waf.acl`, `waf.rule` for each rule and group, and `waf.requests` ({PRICES}).",
        "The output `web_acl_arn`; blocked requests return 403.",
        "Creates or deletes the web ACL and its log group. The API is not interrupted.",
    ),
    "firewall_rate_limit": Note("5000", FREE, "Metrics of the web ACL in CloudWatch, namespace `AWS/WAFV2`.", IN_PLACE),
    "firewall_managed_rule_groups": Note(
        "AWSManagedRulesCommonRuleSet,AWSManagedRulesSQLiRuleSet",
        f"`waf.rule` for each group ({PRICES}); some groups of AWS have a subscription fee.",
        "Metrics of the web ACL in CloudWatch, namespace `AWS/WAFV2`.",
        "Updated in place. Try a new group with `firewall_count_only` first.",
    ),
    "firewall_count_only": Note("true", FREE, "Sampled requests of the web ACL show the action `COUNT`.", IN_PLACE),
    # alarms
    "duration_alarm_ms": Note("3000", ALARM_COST, SEE_ALARM, THRESHOLD),
    "alarms_errors": Note("3", ALARM_COST, SEE_ALARM, THRESHOLD),
    "alarms_throttles": Note("3", ALARM_COST, SEE_ALARM, THRESHOLD),
    "alarms_period_seconds": Note("300", ALARM_COST, SEE_ALARM, THRESHOLD),
    "alarms_evaluation_periods": Note("3", ALARM_COST, SEE_ALARM, THRESHOLD),
    "recommended_alarms": Note(
        "true",
        f"`cloudwatch.alarm` for each metric and `cloudwatch.alarm-composite` for the health alarm ({PRICES}).",
        "The outputs `alarm_names` and `health_alarm_name`.",
        "Creates or deletes the alarms.",
    ),
    "alarms_api_5xx_share": Note("0.02", ALARM_COST, SEE_ALARM, THRESHOLD),
    "alarms_api_4xx_share": Note("0.1", ALARM_COST, SEE_ALARM, THRESHOLD),
    "alarms_api_latency_ms": Note("1000", ALARM_COST, SEE_ALARM, THRESHOLD),
    "alarms_iterator_age_seconds": Note("300", ALARM_COST, SEE_ALARM, THRESHOLD),
    "runbook_url": Note(
        "https://wiki.example.com/runbook",
        FREE,
        "The description of an alarm ends with the URL and the name of the alarm.",
        "Updates the descriptions of all alarms in place.",
    ),
    "notification_email": Note(
        "oncall@example.com",
        f"`sns.emails` ({PRICES}).",
        "Set an alarm to `ALARM` with `aws cloudwatch set-alarm-state`: an email arrives.",
        "Replaces the subscription. Amazon SNS sends a confirmation request to the new address, which receives nothing "
        "until then.",
    ),
    # observation
    "dashboard": Note(
        "true",
        f"`cloudwatch.dashboard` ({PRICES}).",
        "CloudWatch shows the dashboard in the output `dashboard_name`.",
        "Creates or deletes the dashboard. Metrics are not affected.",
    ),
    # network
    "network_vpc": Note(
        "create",
        "None for the VPC itself; interface endpoints, NAT gateways and flow logs have prices: "
        "[network](../../production/network.md#cost).",
        f"{CONFIGURATION}: `VpcConfig`.",
        "Moves the functions. Lambda releases network interfaces up to about 35 minutes later, and the deployment "
        "waits for that before it deletes a VPC or security group.",
    ),
    "network_cidr_block": Note(
        "10.20.0.0/16",
        FREE,
        "The output `vpc_cidr_block`.",
        "Replaces the VPC: functions move to the new one, then the old one is deleted.",
    ),
    "network_zones": Note(
        "3",
        f"`endpoint.hours` for each interface endpoint in each further zone, and `nat.hours` with `per-zone` "
        f"({PRICES}).",
        "The output `availability_zones`.",
        "More zones add subnets without moving existing ones. Fewer zones delete subnets after functions have left "
        "them.",
    ),
    "network_nat_gateways": Note(
        "one",
        f"`nat.hours`, `eip.hours` and `nat.gb` for each gateway ({PRICES}).",
        "The output `nat_public_ips`.",
        "Creates or deletes gateways. The public IP addresses of a deleted gateway are released.",
    ),
    "network_interface_endpoints": Note(
        "false",
        f"`endpoint.hours` for each service and zone, and `endpoint.gb` ({PRICES}).",
        "The output `vpc_endpoint_ids`.",
        "Creates or deletes endpoints. Without them and without NAT, calls to SNS, Parameter Store and Secrets Manager "
        "time out.",
    ),
    "network_flow_logs": Note(
        "false",
        f"Vended logs of CloudWatch, for rejected connections only ({PRICES}).",
        "The log group in the output `flow_log_group_name`.",
        "Creates or deletes the flow log and its log group with its events.",
    ),
    "network_private_subnet_ids": Note(
        "subnet-0a1b2c3d,subnet-1a2b3c4d",
        FREE,
        "The output `private_subnet_ids`.",
        "Moves the functions to the new subnets, without interruption.",
    ),
    "network_security_group_ids": Note(
        "sg-0a1b2c3d",
        FREE,
        "The output `function_security_group_ids`.",
        "Functions use the new groups. A group that the stack created is deleted.",
    ),
    # encryption
    "encryption_key": Note(
        "create",
        f"`kms.key` for the key and each replica, and `kms.requests` ({PRICES}).",
        "The output `key_arn`; `aws dynamodb describe-table --query Table.SSEDescription`.",
        "Tables are encrypted with the new key immediately; objects, log events and messages when they are written "
        "again. Rejected while a table has replicas. See [encryption](../../production/encryption.md).",
    ),
    "encryption_rotation_days": Note(
        "180",
        f"Another `kms.key` for each of the first two rotations ({PRICES}).",
        "`aws kms get-key-rotation-status --key-id KEY_ID`, with the output `key_id`.",
        "Updated in place. Existing data stays readable and is not encrypted again.",
    ),
    "encryption_deletion_window_days": Note(
        "14",
        FREE,
        "`aws kms describe-key --key-id KEY_ID` after a deletion: `DeletionDate`.",
        "Takes effect when the key is deleted. It does not change a deletion that is already scheduled.",
    ),
    # backup
    "backup_retention_days": Note(
        "35",
        f"`backup.warm` for each GB-month ({PRICES}).",
        "`aws backup list-recovery-points-by-backup-vault --backup-vault-name NAME`",
        "Applies to new recovery points; earlier ones keep their lifecycle. With 0 the plan is deleted, and the "
        "vault with every backup in it, unless `retain_on_delete` is true.",
    ),
    "backup_schedule": Note(
        "cron(0 3 * * ? *)",
        "More frequent backups store more recovery points.",
        "`aws backup get-backup-plan --backup-plan-id ID`: `ScheduleExpression`.",
        IN_PLACE,
    ),
    "backup_cold_storage_after_days": Note(
        "30",
        f"`backup.cold` instead of `backup.warm` from then on, for at least 90 days ({PRICES}).",
        "`aws backup describe-recovery-point`: `Lifecycle`.",
        "Applies to new recovery points. Requires the advanced DynamoDB features of AWS Backup in the account.",
    ),
    "backup_copy_to_vault_arn": Note(
        "arn:aws:backup:us-west-2:123456789012:backup-vault:far",
        f"`backup.warm` for the copies, and `transfer.regions` to another region ({PRICES}).",
        "`aws backup list-copy-jobs`: `COMPLETED`.",
        "Applies to new backups. Copies in the earlier vault stay until they expire.",
    ),
    # rollout
    "rollout": Note(
        "Canary10Percent5Minutes",
        FREE,
        "The output `alias_arns`; `make up` prints each shift.",
        "Changing from or to `none` makes the API call the alias or the function. Other changes take effect with the "
        "next deployment. See [rollout](../../production/rollout.md).",
    ),
    # cost
    "cost_allocation_tags": Note(
        "true",
        FREE,
        "AWS Cost Explorer groups costs by the tags `Service` and `Environment`, once they are activated.",
        IN_PLACE,
    ),
    "monthly_budget_usd": Note(
        "200",
        "None for a budget that only sends notifications.",
        "`aws budgets describe-budget --account-id ID --budget-name NAME`, with the output `budget_name`.",
        "Updated in place; 0 deletes the budget.",
    ),
    # site
    "site_public": Note(
        "false",
        f"`cloudfront.requests` and `cloudfront.transfer` without it, `s3.gets` and `transfer.out` with it ({PRICES}).",
        "The output `site_url` begins with `https` for CloudFront and with `http` for an S3 website.",
        "Switches between CloudFront and an S3 website, so the URL of the site changes. The files stay in the bucket.",
    ),
    # inventory
    "low_stock_threshold": Note(
        "5",
        FREE,
        "A change that takes `quantity` or the available units to the threshold sends a notification.",
        NEW_ITEMS,
    ),
    "default_page_size": Note("10", FREE, "`GET /items` returns at most this number of items.", NEW_ITEMS),
    "max_page_size": Note("25", FREE, "`GET /items?page_size=50` returns at most this number of items.", NEW_ITEMS),
    "audit_reads": Note(
        "false",
        f"With `true`, `dynamodb.writes`: one unit for each read ({PRICES}).",
        "`GET /items/{itemId}` adds no item to the table in the output `audit_table_name`.",
        "Changes the permissions of the functions. Existing audit records stay.",
    ),
    # stock
    "reservation_minutes": Note(
        "15", FREE, "`expiry` in the response of a reservation without `lifetime_minutes`.", NEW_ITEMS
    ),
    "alert_rearm_percent": Note(
        "20",
        FREE,
        "Lower a level below its threshold twice: the second notification is sent only after the level has recovered "
        "by this percentage, or after `alert_rearm_minutes`.",
        NEW_ITEMS,
    ),
    "alert_rearm_minutes": Note(
        "30",
        FREE,
        "Lower a level below its threshold twice: the second notification is sent only after this time, or after the "
        "level has recovered by `alert_rearm_percent`.",
        NEW_ITEMS,
    ),
    "max_held_units": Note(
        "5",
        FREE,
        "A reservation above the limit returns 409 `HOLD_LIMIT`.",
        "Units that are held when the limit is set are not counted.",
    ),
    "anonymous_rate_per_second": Note(
        "100", FREE, "`GET /inventory/{productId}` without a key returns 429 above the rate.", IN_PLACE
    ),
    "anonymous_burst": Note(
        "50", FREE, "`GET /inventory/{productId}` without a key returns 429 above the burst.", IN_PLACE
    ),
    "anonymous_response": Note(
        "availability",
        FREE,
        "`GET /inventory/{productId}` without a key returns only `product_id`, `in_stock` and `low_stock`.",
        "Applies from the next deployment. Clients that read counts without a key must use `GET "
        "/inventory/{productId}/level` first.",
    ),
}
