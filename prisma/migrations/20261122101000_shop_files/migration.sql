-- Files of a shop: what it sells, who buys, what was bought.

ALTER TYPE "import_kind" ADD VALUE 'PRODUCTS';
ALTER TYPE "import_kind" ADD VALUE 'CUSTOMERS';
ALTER TYPE "import_kind" ADD VALUE 'ORDERS';
ALTER TYPE "import_kind" ADD VALUE 'ORDER_ITEMS';
