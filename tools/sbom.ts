import { billOfMaterials, writeSbom } from './bill-of-materials.ts';
import { licenceFaults } from './licences.ts';

/** `npm run sbom`, and the last step of a build: lists what goes into page and server, and looks at each licence. */
const sbom = billOfMaterials();
const faults = licenceFaults(sbom.components);
if (faults.length === 0) {
  writeSbom(sbom);
  console.log(
    `${sbom.components.length} packages are listed in dist/.sbom.cdx.json; each licence is allowed.`,
  );
} else {
  console.error(['These licences are not on the list in tools/licences.ts:', ...faults].join('\n  '));
  process.exitCode = 1;
}
