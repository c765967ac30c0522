/** Values of the right form for examples. They name nothing that exists. */
export const exampleResource = 'res_01JQZX5Y7N8M9P0QRSTVWXYZ00'
export const exampleLease = 'lease_01JQZX5Y7N8M9P0QRSTVWXYZ00'
