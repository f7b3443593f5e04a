"""A project as they were before pyproject.toml."""

from setuptools import setup

setup(
    name="by-setup",
    version="1.0.0",
    packages=["shop"],
    install_requires=["psycopg[binary]>=3.3"],
    extras_require={"test": ["pytest>=9", "six>=1.16"]},
)
