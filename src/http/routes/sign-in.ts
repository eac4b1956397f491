import type { DetailsAccess } from "../api/access.ts";
import type { Route } from "../routing.ts";

/**
 * `GET /sign-in`: makes a browser ask for the token as a password, and leads back to the page. The
 * browser then sends it with every request to this service (RFC 7617 section 2.2).
 */
export function signInRoute(access: DetailsAccess): Route {
  return {
    path: "/sign-in",
    methods: {
      GET: [access.asked, () => new Response(null, { status: 303, headers: { location: "/" } })],
    },
  };
}
