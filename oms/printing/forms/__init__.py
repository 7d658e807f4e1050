"""Word templates of printed forms. They are made by `making`, from the catalogue; an office may change their looks."""
