"""An optimizer from outside beside a study's: trained here, and held against committed records."""
