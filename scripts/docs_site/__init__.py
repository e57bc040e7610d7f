"""What the documentation site is made of besides `docs/*.md`: pages and parts of pages that mkdocs gets from here."""
