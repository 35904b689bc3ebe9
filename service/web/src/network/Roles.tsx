import { useModel } from "../state/model";

/** What the colours of cards and chips stand for; each card has its role in words too. */
export function Roles() {
  const { variables } = useModel();
  const roles = [...new Set([...variables.values()].map((each) => each.role))];
  return (
    <ul className="roles" aria-label="Roles">
      {roles.map((role) => (
        <li key={role} className={`role-${role}`}>
          <span aria-hidden="true" />
          {role}
        </li>
      ))}
    </ul>
  );
}
