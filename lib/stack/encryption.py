"""Encryption of the data of a stack at rest."""

from __future__ import annotations

import pulumi

from .. import model
from ..components.data.key import Key, KeyArgs
from ..components.derived import derive
from ..components.lookup import existing_resources
from ..documents import iam, key_policies
from .context import StackContext


class Encryption:
    """The KMS key of a stack, and the permissions that functions need to use it."""

    def __init__(self, context: StackContext) -> None:
        self._context = context
        settings = context.settings.encryption
        self.key = self._key() if settings.key == "create" else None
        """Key that the stack creates; None for an existing key and for keys of AWS."""
        self.kms_key_arn: pulumi.Input[str] | None = self.key.arn if self.key else settings.existing_key_arn()
        """ARN of the customer managed key; None for keys of AWS."""
        self.replica_kms_key_arns: dict[str, pulumi.Input[str]] = self._replica_kms_key_arns()
        """ARN of the customer managed key in each replica region of the tables."""

    def statements(self, function: model.Function) -> list[pulumi.Output[iam.Statement]]:
        """Return the permissions to use the key for the resources that a function has access to."""
        if self.kms_key_arn is None:
            return []
        service, resources = self._context.service, self._context.service.resources()
        granted = [resources[grant.on] for grant in function.grants()]
        called = {resource.aws_service() for resource in granted if self._is_encrypted(resource)}
        called |= {"sqs" for _ in function.async_triggers() if service.dead_letters}
        polling = (model.StreamConsumer, model.QueueConsumer)
        sources = [resources[c.source] for c in function.consumers if isinstance(c, polling)]
        consumed = {resource.aws_service() for resource in sources if self._is_encrypted(resource)}
        needs = key_policies.required_key_actions(sorted(called | consumed), called).items()
        suffix = self._context.provider_info.dns_suffix
        return [
            derive(key_policies.allow_key_use, self.kms_key_arn, action, through, suffix) for action, through in needs
        ]

    def _is_encrypted(self, resource: model.Resource) -> bool:
        """Return whether callers of a resource need the key of the stack. Existing resources have keys of their own,
        parameters are not encrypted, and event buses use the key themselves."""
        return not (resource.existing or isinstance(resource, model.Parameter | model.EventBus))

    def _key(self) -> Key:
        context, settings = self._context, self._context.settings
        return Key(
            context.child("encryption"),
            KeyArgs(
                name=context.names.only("key", "key"),
                services=self._key_users(),
                description=f"{context.service.title}, {context.args.environment}: data at rest",
                replica_regions=settings.table.replica_regions or (),
                settings=settings.encryption,
                retain_on_delete=bool(settings.table.retain_on_delete),
                import_id=context.transitions.adopted.import_id(existing_resources.KEY),
                import_replica_ids=context.replica_import_ids(existing_resources.REPLICA_KEY),
                provider_info=context.provider_info,
                tags=context.tags,
            ),
            context.opts,
        )

    def _key_users(self) -> list[str]:
        """Return the AWS services that use the key."""
        service, settings = self._context.service, self._context.settings
        has_private_site = bool(service.site) and not settings.site.public
        has_topic_consumer = any(isinstance(consumer, model.TopicConsumer) for _, consumer in service.consumers())
        uses: dict[str, bool] = {
            "dynamodb": bool(service.created_tables()),
            **dict.fromkeys(("lambda", "logs", "sns", "cloudwatch"), True),
            "sqs": bool(service.dead_letters or service.created_queues()),
            "events": bool(service.dead_letters),
            key_policies.SNS_TO_SQS: bool(service.dead_letters) and has_topic_consumer,
            "s3": has_private_site or bool(service.created_buckets()),
            "cloudfront": has_private_site,
            "event-buses": bool(service.created_event_buses()),
            **{secret.store: True for secret in service.secrets},
            "budgets": settings.cost.has_budget,
            "backup": self._context.has_backup,
        }
        return [name for name, is_user in uses.items() if is_user]

    def _replica_kms_key_arns(self) -> dict[str, pulumi.Input[str]]:
        if self.key:
            return {**self.key.replica_arns}
        settings = self._context.settings
        arn, regions = settings.encryption.existing_key_arn(), settings.table.replica_regions or ()
        return {region: key_policies.key_arn_in_region(arn, region) for region in regions} if arn else {}
