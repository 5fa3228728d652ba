"""The HTTP interface: catalogue, thumbnails, basket and orders."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import redis
import requests
import structlog
import yaml
from flask import Flask, Response, abort, jsonify, request, send_file
from flask_sqlalchemy import SQLAlchemy
from PIL import Image

log = structlog.get_logger()
db = SQLAlchemy()
THUMBNAIL = (240, 240)
DAY = 24 * 60 * 60


class Product(db.Model):
    """One article of the catalogue, priced in cents."""

    sku = db.Column(db.String(32), primary_key=True)
    title = db.Column(db.String(200), nullable=False)
    cents = db.Column(db.Integer, nullable=False)
    picture = db.Column(db.LargeBinary)


def shipping_offers(url: str, country: str, grams: int) -> list[dict[str, Any]]:
    """Ask the carrier for its offers; certificates are always verified."""
    with requests.Session() as session:
        answer = session.get(f"{url}/offers", params={"to": country, "grams": grams}, timeout=5)
        answer.raise_for_status()
        offers: list[dict[str, Any]] = answer.json()
        return offers


def create_app(config: str = "shop.yaml") -> Flask:
    """Build the application from a YAML file and the environment."""
    settings = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    db.init_app(app)
    baskets = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)

    @app.get("/products")
    def products() -> Response:
        found = db.session.scalars(db.select(Product).order_by(Product.title))
        return jsonify([{"sku": p.sku, "title": p.title, "cents": p.cents} for p in found])

    @app.get("/products/<sku>/thumbnail")
    def thumbnail(sku: str) -> Response:
        product = db.get_or_404(Product, sku)
        if product.picture is None:
            abort(404)
        picture = Image.open(io.BytesIO(product.picture))
        picture.thumbnail(THUMBNAIL)
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG")
        out.seek(0)
        return send_file(out, mimetype="image/jpeg")

    @app.put("/baskets/<basket>/<sku>")
    def put_in_basket(basket: str, sku: str) -> Response:
        amount = int(request.get_json()["amount"])
        baskets.hset(f"basket:{basket}", sku, amount)
        baskets.expire(f"basket:{basket}", DAY)
        log.info("basket changed", basket=basket, sku=sku, amount=amount)
        return jsonify(baskets.hgetall(f"basket:{basket}"))

    @app.get("/shipping/<country>/<int:grams>")
    def shipping(country: str, grams: int) -> Response:
        return jsonify(shipping_offers(settings["carrier"]["url"], country, grams))

    return app
