"""What our clients are made of is botocore's own, whichever way it is found."""

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from adapters.aws.loader import SERVICES, OurLoader


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("table", ["service-2", "endpoint-rule-set-1", "paginators-1"])
def test_a_service_of_ours_is_the_same_as_through_botocores_loader(
    service: str, table: str
) -> None:
    ours, botocores = OurLoader(), Loader()

    loaded = ours.load_service_model(service, table)

    assert loaded == botocores.load_service_model(service, table)


def test_a_service_that_is_not_called_here_is_unknown() -> None:
    loader = OurLoader()

    with pytest.raises(UnknownServiceError, match="'ec2'"):
        loader.load_service_model("ec2", "service-2")
