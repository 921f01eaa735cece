// Starts the components of GOV.UK Frontend; every page also works without this.
import { initAll } from './govuk/govuk-frontend.min.js'

initAll()
